import type { ChangeKind } from '../domain/change.ts';
import {
  CHAT_PRIORITIES,
  type ChatSession,
  type ChatSessionInput,
  type ChatSessionPatch,
  type CheckedSession,
  checkChatSession,
  checkChatSessionPatch,
  deletedSession,
  editedSession,
  newChatSession,
} from '../domain/chatSession.ts';
import type { Id } from '../domain/ids.ts';
import type { Institution } from '../domain/institution.ts';
import type { Issues, Maybe } from '../domain/issues.ts';
import type { Position } from '../domain/position.ts';
import { WRITERS } from '../domain/rights.ts';
import { CapacityExceededError, ConflictError, type ErrorCode } from '../domain/userErrors.ts';
import type { Writers } from '../store/store.ts';
import {
  assertInstitution,
  assertVersion,
  type CommandContext,
  institutionFor,
  orNotFound,
  ownInstitution,
} from './context.ts';
import { mutationOf } from './mutation.ts';
import type { Command, Idempotent } from './perform.ts';

/** Result of the mutations of a chat session. */
export interface ChatSessionChanged {
  readonly chatSession: ChatSession;
}

const COMMON_ERRORS: readonly ErrorCode[] = ['VALIDATION_FAILED', 'FORBIDDEN', 'NOT_FOUND', 'IDEMPOTENCY_CONFLICT'];
const CHANGE_ERRORS: readonly ErrorCode[] = [...COMMON_ERRORS, 'CONFLICT', 'STALE_VERSION'];

const resourceOf = (id: Id) => ({ type: 'ChatSession', id }) as const;
const storePayload = ({ chatSession }: ChatSessionChanged) => ({ id: chatSession.id, session: { ...chatSession } });
/** Returns the payload of the audit event: the input without its description, and with the name of the priority. */
function auditPayload(input: ChatSessionPatch & Idempotent): object {
  const { description: _body, priority, ...rest } = input;
  const [name] = Object.entries(CHAT_PRIORITIES).find(([, rank]) => rank === priority) ?? [];
  return name === undefined ? rest : { ...rest, priority: name };
}
/** Returns the session in its current state, or as it was first returned if it has been purged since. */
const loadPayload = async (
  tx: Writers,
  { id, session }: { readonly [field: string]: unknown },
): Promise<ChatSessionChanged> => ({
  chatSession: (await tx.chatSessions.byIds([id as Id]))[0] ?? (session as ChatSession),
});

/** Publishes a change of the session's own fields. */
function publishChange(tx: Writers, kind: ChangeKind, { institutionId, id, updatedAt }: ChatSession): void {
  tx.publish({ topic: 'CHAT_SESSION', kind, institutionId, objectId: id, detailId: null, createdAt: updatedAt });
}

/** Throws CapacityExceededError if the limit of sessions is reached. Deleted sessions do not count. */
function assertCapacity(live: number, { chatLimits }: CommandContext): void {
  const { sessions } = chatLimits;
  if (sessions !== null && live >= sessions) throw new CapacityExceededError('chat sessions', sessions);
}

/** Counts under an advisory lock, so that two concurrent requests cannot both take the last place. */
async function countLive(tx: Writers, { chatLimits }: CommandContext): Promise<number> {
  if (chatLimits.sessions === null) return 0;
  const lock = tx.advisoryLock('chat sessions');
  const [live = 0] = await tx.chatSessions.counts([{ where: { deleted: { in: [false] } } }]);
  await lock;
  return live;
}

/** Input for createChatSession. */
export interface CreateChatSession extends ChatSessionInput, Idempotent {
  readonly institutionId?: Maybe<Id>;
  readonly positionId?: Maybe<Id>;
}
type CheckedCreate = CheckedSession & { readonly positionId: Id | null; readonly institutionId: Id | null };
interface Loaded {
  readonly institution: Institution | undefined;
  readonly position: Position | undefined;
  readonly live: number;
}

const create: Command<CreateChatSession, CheckedCreate, Loaded, ChatSessionChanged> = {
  name: 'createChatSession',
  roles: WRITERS,
  errors: [...COMMON_ERRORS, 'CAPACITY_EXCEEDED'],
  check: (input, issues, { viewer }) => {
    const positionId = input.positionId ?? null;
    // A position determines the institution.
    const institutionId =
      positionId === null ? institutionFor(viewer, input.institutionId, issues) : (input.institutionId ?? null);
    return { ...checkChatSession(input, issues), positionId, institutionId };
  },
  load: async (tx, { positionId, institutionId }, context) => {
    const [institutions, positions, live] = await Promise.all([
      tx.institutions.byIds(institutionId === null ? [] : [institutionId]),
      tx.positions.byIds(positionId === null ? [] : [positionId]),
      countLive(tx, context),
    ]);
    return { institution: institutions[0], position: positions[0], live };
  },
  owner: ({ institution, position }) => position?.institutionId ?? institution?.id,
  act: (tx, { institution, position, live }, checked, context) => {
    const { positionId, institutionId } = checked;
    assertInstitution(ownInstitution(context.viewer), institutionId);
    const owner =
      positionId === null
        ? orNotFound(institution, 'institution', 'institutionId', institutionId ?? '').id
        : orNotFound(position, 'position', 'positionId', positionId).institutionId;
    assertInstitution(owner, institutionId);
    assertCapacity(live, context);
    const chatSession = newChatSession(checked, owner, positionId, context.newId('chat'), context.clock());
    tx.chatSessions.insert(chatSession);
    publishChange(tx, 'CREATED', chatSession);
    return { chatSession };
  },
  resource: (payload) => payload && resourceOf(payload.chatSession.id),
  auditPayload,
  storePayload,
  loadPayload,
};

export const createChatSession = mutationOf(create);

interface ChatSessionRef extends Idempotent {
  readonly chatSessionId: Id;
  readonly expectedVersion?: Maybe<number>;
}
interface CheckedRef {
  readonly chatSessionId: Id;
  readonly expectedVersion: number | null;
}
const checkRef = ({ chatSessionId, expectedVersion }: ChatSessionRef): CheckedRef => ({
  chatSessionId,
  expectedVersion: expectedVersion ?? null,
});

interface LoadedSession {
  readonly session: ChatSession | undefined;
  /** The position of a session that is being deleted. */
  readonly position: Position | undefined;
  readonly live: number;
}

/**
 * Returns the loaded session. Throws NotFoundError, or StaleVersionError if it has not the version that the client has
 * read.
 */
function sessionOf({ session }: LoadedSession, { chatSessionId, expectedVersion }: CheckedRef): ChatSession {
  const chatSession = orNotFound(session, 'chat session', 'chatSessionId', chatSessionId);
  assertVersion(expectedVersion, chatSession.edition);
  return chatSession;
}

/** Defines a mutation that changes a session's own fields. `change` returns undefined if nothing is to be written. */
const changing = <I extends ChatSessionRef, C extends CheckedRef>(
  name: 'updateChatSession' | 'deleteChatSession' | 'restoreChatSession',
  errors: readonly ErrorCode[],
  check: (input: I, issues: Issues) => C,
  change: (
    session: ChatSession,
    checked: C,
    context: CommandContext,
    loaded: LoadedSession,
  ) => Partial<ChatSession> | undefined,
): Command<I, C, LoadedSession, ChatSessionChanged> => ({
  name,
  roles: WRITERS,
  errors,
  check,
  load: async (tx, { chatSessionId }, context) => {
    const locked = tx.chatSessions.lock([chatSessionId]);
    const live = name === 'restoreChatSession' ? await countLive(tx, context) : 0;
    const [session] = await locked;
    const positionId = (name === 'deleteChatSession' && session?.positionId) || null;
    const [position] = positionId === null ? [] : await tx.positions.byIds([positionId]);
    return { session, position, live };
  },
  owner: ({ session }) => session?.institutionId,
  act: (tx, loaded, checked, context) => {
    const session = sessionOf(loaded, checked);
    const changed = change(session, checked, context, loaded);
    if (changed === undefined) return { chatSession: session };
    const chatSession = editedSession(session, changed, context.clock());
    tx.chatSessions.replace(chatSession);
    publishChange(tx, name === 'deleteChatSession' ? 'DELETED' : 'UPDATED', chatSession);
    return { chatSession };
  },
  resource: (_payload, { chatSessionId }) => resourceOf(chatSessionId),
  auditPayload,
  storePayload,
  loadPayload,
});

/** Input for updateChatSession. */
export interface UpdateChatSession extends ChatSessionPatch, ChatSessionRef {}
const update = changing<UpdateChatSession, CheckedRef & { readonly patch: Partial<CheckedSession> }>(
  'updateChatSession',
  CHANGE_ERRORS,
  (input, issues) => ({ ...checkRef(input), patch: checkChatSessionPatch(input, issues) }),
  (session, { patch }) => {
    if (session.deleted) throw new ConflictError('The chat session is deleted. Restore it first.', ['chatSessionId']);
    const fields = Object.keys(patch) as (keyof typeof patch)[];
    // An update that changes no field writes nothing.
    return fields.every((field) => patch[field] === session[field]) ? undefined : patch;
  },
);
export const updateChatSession = mutationOf(update);

const remove = changing<ChatSessionRef, CheckedRef>(
  'deleteChatSession',
  CHANGE_ERRORS,
  (input, issues) => (issues.throwIfAny(), checkRef(input)),
  (session, _checked, { clock }, { position }) => {
    if (session.deleted) return undefined;
    if (position && position.held > 0n) {
      throw new ConflictError('The chat session cannot be deleted while its position holds money.', ['chatSessionId']);
    }
    return deletedSession(session, clock());
  },
);
export const deleteChatSession = mutationOf(remove);

const restore = changing<ChatSessionRef, CheckedRef>(
  'restoreChatSession',
  [...COMMON_ERRORS, 'CAPACITY_EXCEEDED', 'STALE_VERSION'],
  (input, issues) => (issues.throwIfAny(), checkRef(input)),
  (session, _checked, context, { live }) => {
    if (!session.deleted) return undefined;
    assertCapacity(live, context);
    return { deleted: false, deletedAt: null };
  },
);
export const restoreChatSession = mutationOf(restore);
