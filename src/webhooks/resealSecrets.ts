import type { Id } from '../domain/ids.ts';
import type { WebhookEndpoint } from '../domain/webhookEndpoint.ts';
import type { Key, Store } from '../store/store.ts';
import { firstOf } from '../store/window.ts';
import type { SecretBox } from './secretBox.ts';

/** The maximum number of endpoints that one transaction changes. */
const BATCH = 100;

/**
 * Encrypts the secrets of all endpoints with the current key, and returns their number. After that the previous key is
 * no longer needed. Secrets that no key decrypts stay as they are.
 */
export async function resealSecrets(store: Store, box: SecretBox): Promise<number> {
  let resealed = 0;
  for (let after: Key | null = null; ; ) {
    const [page] = await store.read('ALL').webhookEndpoints.pages([{ ...OLDEST, after }]);
    const rows = page?.rows ?? [];
    const old = rows.filter((endpoint) => !isCurrent(box, endpoint)).map(({ id }) => id);
    if (old.length > 0) resealed += await resealBatch(store, box, old);
    const last = rows.at(-1);
    if (!page?.more || !last) return resealed;
    after = [last.createdAt, last.id];
  }
}

const OLDEST = firstOf<WebhookEndpoint>({ order: { by: ['createdAt'], direction: 'ASC' }, limit: BATCH });

const isCurrent = (box: SecretBox, { secret, previousSecret }: WebhookEndpoint): boolean =>
  box.isCurrent(secret) && (previousSecret === null || box.isCurrent(previousSecret));

const resealBatch = (store: Store, box: SecretBox, ids: readonly Id[]): Promise<number> =>
  store.transact('ALL', async (tx) => {
    let resealed = 0;
    for (const endpoint of await tx.webhookEndpoints.lock(ids)) {
      const after = endpoint && resealedEndpoint(box, endpoint);
      if (!after) continue;
      tx.webhookEndpoints.replace(after, ['secret', 'previousSecret']);
      resealed += 1;
    }
    return resealed;
  });

/** Returns the endpoint with its secrets under the current key; undefined if nothing can be changed. */
function resealedEndpoint(box: SecretBox, endpoint: WebhookEndpoint): WebhookEndpoint | undefined {
  const { id, version, secret, previousSecret } = endpoint;
  const reseal = (sealed: string): string => {
    const opened = box.isCurrent(sealed) ? undefined : box.open(sealed, id);
    return opened === undefined ? sealed : box.seal(opened, id);
  };
  const changed = { secret: reseal(secret), previousSecret: previousSecret && reseal(previousSecret) };
  if (changed.secret === secret && changed.previousSecret === previousSecret) return undefined;
  return Object.freeze({ ...endpoint, ...changed, version: version + 1 });
}
