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
import { CapacityExceeded, Conflict, StaleVersion } from '../domain/refusals.ts';
import type { Writers } from '../store/store.ts';
import { type CommandContext, found, institutionFor, mustBeOf, ownInstitution } from './context.ts';
import { type Command, type Keyed, perform, type Replayable } from './perform.ts';

export interface ChatSessionChanged {
  readonly chatSession: ChatSession;
}
type Changed = Promise<Replayable<ChatSessionChanged>>;

const resourceOf = (id: Id) => ({ type: 'ChatSession', id }) as const;
const remember = ({ chatSession }: ChatSessionChanged) => ({ id: chatSession.id, session: { ...chatSession } });
/** Returns the payload of the audit event: the input without its description, and with the name of the priority. */
function told(input: ChatSessionPatch & Keyed): object {
  const { description: _body, priority, ...rest } = input;
  const [name] = Object.entries(CHAT_PRIORITIES).find(([, rank]) => rank === priority) ?? [];
  return name === undefined ? rest : { ...rest, priority: name };
}
/** Returns the session in its current state, or as it was first returned if it has been purged since. */
const recall = async (
  tx: Writers,
  { id, session }: { readonly [field: string]: unknown },
): Promise<ChatSessionChanged> => ({
  chatSession: (await tx.chatSessions.byIds([id as Id]))[0] ?? (session as ChatSession),
});

/** Publishes a change of the session's own fields. */
function announce(tx: Writers, kind: ChangeKind, { institutionId, id, updatedAt }: ChatSession): void {
  tx.announce({ topic: 'CHAT_SESSION', kind, institutionId, objectId: id, detailId: null, createdAt: updatedAt });
}

/** Throws CapacityExceeded if the limit of sessions is reached. Deleted sessions do not count. */
function mustHaveRoom(live: number, { chatLimits }: CommandContext): void {
  const { sessions } = chatLimits;
  if (sessions !== null && live >= sessions) throw new CapacityExceeded('chat sessions', sessions);
}

/** Counts under an advisory lock, so that two concurrent requests cannot both take the last place. */
async function countLive(tx: Writers, { chatLimits }: CommandContext): Promise<number> {
  if (chatLimits.sessions === null) return 0;
  const turn = tx.takeTurn('chat sessions');
  const [live = 0] = await tx.chatSessions.counts([{ where: { deleted: { in: [false] } } }]);
  await turn;
  return live;
}

export interface CreateChatSession extends ChatSessionInput, Keyed {
  readonly institutionId?: Maybe<Id>;
  readonly positionId?: Maybe<Id>;
}
type CheckedCreate = CheckedSession & { readonly positionId: Id | null; readonly institutionId: Id | null };
interface Ground {
  readonly institution: Institution | undefined;
  readonly position: Position | undefined;
  readonly live: number;
}

const create: Command<CreateChatSession, CheckedCreate, Ground, ChatSessionChanged> = {
  name: 'createChatSession',
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
    mustBeOf(ownInstitution(context.viewer), institutionId);
    const owner =
      positionId === null
        ? found(institution, 'institution', 'institutionId', institutionId ?? '').id
        : found(position, 'position', 'positionId', positionId).institutionId;
    mustBeOf(owner, institutionId);
    mustHaveRoom(live, context);
    const chatSession = newChatSession(checked, owner, positionId, context.newId('chat'), context.clock());
    tx.chatSessions.insert(chatSession);
    announce(tx, 'CREATED', chatSession);
    return { chatSession };
  },
  resource: (payload) => payload && resourceOf(payload.chatSession.id),
  told,
  remember,
  recall,
};

/** Throws Forbidden, ValidationFailed, IdempotencyConflict, NotFound or CapacityExceeded. */
export const createChatSession = (context: CommandContext, input: CreateChatSession): Changed =>
  perform(create, context, input);

interface Named extends Keyed {
  readonly chatSessionId: Id;
  readonly expectedVersion?: Maybe<number>;
}
interface CheckedNamed {
  readonly chatSessionId: Id;
  readonly expectedVersion: number | null;
}
const checkedNamed = ({ chatSessionId, expectedVersion }: Named): CheckedNamed => ({
  chatSessionId,
  expectedVersion: expectedVersion ?? null,
});

interface Loaded {
  readonly session: ChatSession | undefined;
  /** The position of a session that is being deleted. */
  readonly position: Position | undefined;
  readonly live: number;
}

/** Returns the loaded session. Throws NotFound, or StaleVersion if it has not the version that the client has read. */
function sessionOf({ session }: Loaded, { chatSessionId, expectedVersion }: CheckedNamed): ChatSession {
  const chatSession = found(session, 'chat session', 'chatSessionId', chatSessionId);
  if (expectedVersion !== null && expectedVersion !== chatSession.edition) {
    throw new StaleVersion(expectedVersion, chatSession.edition);
  }
  return chatSession;
}

/** Defines a mutation that changes a session's own fields. `change` returns undefined if nothing is to be written. */
const changing = <I extends Named, C extends CheckedNamed>(
  name: 'updateChatSession' | 'deleteChatSession' | 'restoreChatSession',
  check: (input: I, issues: Issues) => C,
  change: (
    session: ChatSession,
    checked: C,
    context: CommandContext,
    loaded: Loaded,
  ) => Partial<ChatSession> | undefined,
): Command<I, C, Loaded, ChatSessionChanged> => ({
  name,
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
    announce(tx, name === 'deleteChatSession' ? 'DELETED' : 'UPDATED', chatSession);
    return { chatSession };
  },
  resource: (_payload, { chatSessionId }) => resourceOf(chatSessionId),
  told,
  remember,
  recall,
});

export interface UpdateChatSession extends ChatSessionPatch, Named {}
const update = changing<UpdateChatSession, CheckedNamed & { readonly patch: Partial<CheckedSession> }>(
  'updateChatSession',
  (input, issues) => ({ ...checkedNamed(input), patch: checkChatSessionPatch(input, issues) }),
  (session, { patch }) => {
    if (session.deleted) throw new Conflict('The chat session is deleted. Restore it first.', ['chatSessionId']);
    const fields = Object.keys(patch) as (keyof typeof patch)[];
    // An update that changes no field writes nothing.
    return fields.every((field) => patch[field] === session[field]) ? undefined : patch;
  },
);
/** Throws Forbidden, ValidationFailed, IdempotencyConflict, NotFound, StaleVersion or Conflict. */
export const updateChatSession = (context: CommandContext, input: UpdateChatSession): Changed =>
  perform(update, context, input);

const remove = changing<Named, CheckedNamed>(
  'deleteChatSession',
  (input, issues) => (issues.settle(), checkedNamed(input)),
  (session, _checked, { clock }, { position }) => {
    if (session.deleted) return undefined;
    if (position && position.held > 0n) {
      throw new Conflict('The chat session cannot be deleted while its position holds money.', ['chatSessionId']);
    }
    return deletedSession(session, clock());
  },
);
/** Throws Forbidden, ValidationFailed, IdempotencyConflict, NotFound, StaleVersion or Conflict. */
export const deleteChatSession = (context: CommandContext, input: Named): Changed => perform(remove, context, input);

const restore = changing<Named, CheckedNamed>(
  'restoreChatSession',
  (input, issues) => (issues.settle(), checkedNamed(input)),
  (session, _checked, context, { live }) => {
    if (!session.deleted) return undefined;
    mustHaveRoom(live, context);
    return { deleted: false, deletedAt: null };
  },
);
/** Throws Forbidden, ValidationFailed, IdempotencyConflict, NotFound, StaleVersion or CapacityExceeded. */
export const restoreChatSession = (context: CommandContext, input: Named): Changed => perform(restore, context, input);
