import type { Id } from '../domain/ids.ts';
import type { Issues, Maybe } from '../domain/issues.ts';
import type { JsonObject } from '../domain/json.ts';
import { LIMITS } from '../domain/limits.ts';
import { ConflictError, NotFoundError, ValidationError } from '../domain/userErrors.ts';
import type { CheckedEndpoint, SelectedChanges, WebhookEndpoint } from '../domain/webhookEndpoint.ts';
import type { Writers } from '../store/store.ts';
import type { CommandContext, DocumentIssue, Webhooks } from './context.ts';
import type { Idempotent } from './perform.ts';

/** Returns what webhooks need. Throws ConflictError if the server has no key for their secrets. */
export function requireWebhooks({ webhooks }: CommandContext): Webhooks {
  if (webhooks) return webhooks;
  throw new ConflictError('Webhooks are not enabled on this server. Its operator must set WEBHOOK_KEY.', null);
}

/** Returns the changes that a document selects. Throws ValidationError if it cannot be used. */
export function assertUsable(selected: SelectedChanges | DocumentIssue): SelectedChanges {
  if ('issue' in selected) throw new ValidationError([{ path: [selected.field], message: selected.issue }]);
  return selected;
}

/** The fields of an endpoint that clients set. */
export interface EndpointInput {
  readonly url?: Maybe<string>;
  readonly description?: Maybe<string>;
  readonly document?: Maybe<string>;
  readonly variables?: Maybe<JsonObject>;
}

/** Validates the fields that are present. */
export function checkFields(input: EndpointInput, issues: Issues, webhooks: Webhooks): Partial<CheckedEndpoint> {
  const { url, description, document, variables } = input;
  const urlIssue = typeof url === 'string' ? webhooks.urlIssue(url) : undefined;
  if (urlIssue !== undefined) issues.add(['url'], urlIssue);
  return {
    ...(typeof url === 'string' && { url }),
    ...(typeof description === 'string' && {
      description: issues.note(['description'], description, LIMITS.reasonCharacters),
    }),
    ...(typeof document === 'string' && { document: issues.text(['document'], document, LIMITS.bodyCharacters) }),
    ...(variables && { variables: issues.json(['variables'], variables) }),
  };
}

/** Loads the object whose changes a document selects, and returns whether the institution has it. */
export async function hasObject(
  tx: Writers,
  { topic, objectId, detailId }: SelectedChanges,
  institutionId: Id,
): Promise<boolean> {
  const id = objectId ?? detailId;
  if (id === null) return true;
  const [row] = await (topic === 'POSITION' ? tx.positions : tx.chatSessions).byIds([id]);
  return row?.institutionId === institutionId;
}

/** Throws NotFoundError if the institution does not have the object whose changes a document selects. */
export function assertObject({ topic, objectId, detailId }: SelectedChanges, isKnown: boolean): void {
  const noun = topic === 'POSITION' ? 'position' : 'chat session';
  if (!isKnown) throw new NotFoundError(noun, ['document'], objectId ?? detailId);
}

/** The endpoint that an input names. */
export interface EndpointRef extends Idempotent {
  readonly webhookEndpointId: Id;
}
/** The noun of an endpoint in messages. */
export const ENDPOINT = 'webhook endpoint';
/** Returns an endpoint as the object of an audit event. */
export const resourceOf = (id: Id) => ({ type: 'WebhookEndpoint', id }) as const;

/** Locks and returns the endpoint that an input names. */
export const lockEndpoint = async (
  tx: Writers,
  { webhookEndpointId }: EndpointRef,
): Promise<WebhookEndpoint | undefined> => (await tx.webhookEndpoints.lock([webhookEndpointId]))[0];
