import { createApiKey } from '../commands/apiKey.ts';
import type { Clock } from '../domain/time.ts';
import { createIds, newRandomToken } from '../ids.ts';
import type { Store } from '../store/store.ts';
import { DEMO } from './data.ts';
import { sampleContext } from './sampleContext.ts';

/** The tokens of the API keys of the demo. */
export interface DemoKeys {
  readonly admin: string;
  readonly readOnly: string;
}

/** Creates API keys with random tokens for the first institution of the demo data, which must exist. */
export async function createDemoKeys(store: Store, clock: Clock): Promise<DemoKeys> {
  const sample = sampleContext({ store, clock, newId: createIds(clock) });
  const context = { ...sample, newToken: newRandomToken, apiKeysPerInstitution: 2 };
  const admin = await createApiKey(context, { institutionId: DEMO.bank, label: 'Demo, admin', role: 'ADMIN' });
  const readOnly = await createApiKey(context, {
    institutionId: DEMO.bank,
    label: 'Demo, read-only',
    role: 'READ_ONLY',
  });
  return { admin: admin.token, readOnly: readOnly.token };
}
