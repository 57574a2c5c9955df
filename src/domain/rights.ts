import type { MutationName } from './auditEvent.ts';
import { allowedTransitions, type PositionState } from './lifecycle.ts';
import type { Position } from './position.ts';
import { ForbiddenError } from './userErrors.ts';
import type { Instant } from './time.ts';
import { VIEWER_ROLES, type Viewer, type ViewerRole } from './viewer.ts';

type Roles = readonly ViewerRole[];
const EVERYONE: Roles = VIEWER_ROLES;
const WRITERS: Roles = ['ROOT', 'ADMIN'];
const ROOT_ONLY: Roles = ['ROOT'];

const MUTATIONS: { readonly [M in MutationName as `Mutation.${M}`]: Roles } = {
  'Mutation.createInstitution': ROOT_ONLY,
  'Mutation.updateInstitution': WRITERS,
  'Mutation.createAssetTemplate': WRITERS,
  'Mutation.updateAssetTemplate': WRITERS,
  'Mutation.createAsset': WRITERS,
  'Mutation.updateAsset': WRITERS,
  'Mutation.createPosition': WRITERS,
  'Mutation.updatePosition': WRITERS,
  'Mutation.transitionPosition': WRITERS,
  'Mutation.fundPosition': WRITERS,
  'Mutation.releasePosition': WRITERS,
  'Mutation.cancelPosition': WRITERS,
  'Mutation.expirePosition': WRITERS,
  'Mutation.applyPositions': WRITERS,
  'Mutation.setPolicy': WRITERS,
  'Mutation.deletePolicy': WRITERS,
  'Mutation.createApiKey': WRITERS,
  'Mutation.revokeApiKey': WRITERS,
  'Mutation.rotateApiKey': WRITERS,
  'Mutation.createChatSession': WRITERS,
  'Mutation.updateChatSession': WRITERS,
  'Mutation.deleteChatSession': WRITERS,
  'Mutation.restoreChatSession': WRITERS,
  'Mutation.postChatMessage': WRITERS,
  'Mutation.editChatMessage': WRITERS,
  'Mutation.deleteChatMessage': WRITERS,
  'Mutation.markChatSessionRead': WRITERS,
};

/**
 * The roles that may use each query, mutation and subscription, each type that `node` returns, and each edge from one
 * object to others. This table does not decide which institution's objects are accessible: the scope does.
 */
export const RIGHTS: { readonly [coordinate: string]: Roles } = {
  ...MUTATIONS,

  'Query.node': EVERYONE,
  'Query.nodes': EVERYONE,
  'Query.viewer': EVERYONE,
  'Query.lifecycle': EVERYONE,
  'Query.templateKinds': EVERYONE,
  'Query.institution': EVERYONE,
  'Query.institutions': EVERYONE,
  'Query.assetTemplate': EVERYONE,
  'Query.assetTemplates': EVERYONE,
  'Query.asset': EVERYONE,
  'Query.assets': EVERYONE,
  'Query.position': EVERYONE,
  'Query.positions': EVERYONE,
  'Query.positionTotals': EVERYONE,
  'Query.ledgerEvents': EVERYONE,
  'Query.auditEvents': EVERYONE,
  'Query.chatSession': EVERYONE,
  'Query.chatSessions': EVERYONE,

  'Subscription.positionChanged': EVERYONE,
  'Subscription.chatSessionChanged': EVERYONE,
  'Subscription.chatMessageChanged': EVERYONE,

  Institution: EVERYONE,
  'Institution.assetTemplates': EVERYONE,
  'Institution.assets': EVERYONE,
  'Institution.positions': EVERYONE,
  'Institution.chatSessions': EVERYONE,
  'Institution.policies': EVERYONE,
  'Institution.apiKeys': EVERYONE,
  AssetTemplate: EVERYONE,
  'AssetTemplate.institution': EVERYONE,
  'AssetTemplate.assets': EVERYONE,
  Asset: EVERYONE,
  'Asset.institution': EVERYONE,
  'Asset.template': EVERYONE,
  'Asset.positions': EVERYONE,
  Position: EVERYONE,
  'Position.institution': EVERYONE,
  'Position.asset': EVERYONE,
  'Position.events': EVERYONE,
  'Position.ledgerEvents': EVERYONE,
  'Position.chatSessions': EVERYONE,
  LifecycleEvent: EVERYONE,
  'LifecycleEvent.position': EVERYONE,
  'LifecycleEvent.ledgerEvent': EVERYONE,
  LedgerEvent: EVERYONE,
  'LedgerEvent.institution': EVERYONE,
  'LedgerEvent.position': EVERYONE,
  'LedgerEvent.lifecycleEvent': EVERYONE,
  AuditEvent: EVERYONE,
  'AuditEvent.institution': EVERYONE,
  Policy: EVERYONE,
  'Policy.institution': EVERYONE,
  ApiKey: EVERYONE,
  'ApiKey.institution': EVERYONE,
  'ApiKey.followedBy': EVERYONE,
  'Actor.apiKey': EVERYONE,
  'Viewer.institution': EVERYONE,
  'Viewer.apiKey': EVERYONE,
  ChatSession: EVERYONE,
  'ChatSession.institution': EVERYONE,
  'ChatSession.position': EVERYONE,
  'ChatSession.messages': EVERYONE,
  ChatMessage: EVERYONE,
  'ChatMessage.chatSession': EVERYONE,
  'ChatMessage.replyTo': EVERYONE,
};

/** Whether the viewer may use the coordinate. A coordinate that is not in the table is allowed to nobody. */
export const isAllowed = ({ role }: Viewer, coordinate: string): boolean => RIGHTS[coordinate]?.includes(role) ?? false;

/** Returns the states to which the viewer may move the position now; none if the viewer may not move positions. */
export const viewerAllowedTransitions = (
  viewer: Viewer,
  position: Pick<Position, 'state' | 'expiresAt'>,
  now: Instant,
): readonly PositionState[] =>
  isAllowed(viewer, 'Mutation.transitionPosition') ? allowedTransitions(position, now) : [];

/** Throws ForbiddenError if the viewer's role does not allow the mutation. */
export function assertAllowed({ role }: Viewer, mutation: MutationName): void {
  const roles = MUTATIONS[`Mutation.${mutation}`];
  if (roles.includes(role)) return;
  throw new ForbiddenError(
    roles.includes('ADMIN')
      ? 'This API key is read-only. Send one with the role ADMIN.'
      : 'This mutation requires the root key.',
  );
}
