import * as api from 'escrowgrid/client';
import { useSyncExternalStore } from 'react';
import { createRoot } from 'react-dom/client';

const url = new URLSearchParams(location.search).get('api') ?? 'http://127.0.0.1:4000/graphql';
const key = prompt('The token of an API key:') ?? '';
const { execute, live } = api.createClient({ url, key, transport: 'websocket' });

const positions = api.liveStore(
  (signal) => live(api.PositionChangedDocument, {}, { signal }),
  async () => (await execute(api.PositionsDocument, { first: 50 })).positions?.nodes,
  ({ positionChanged }) => positionChanged.position,
);
const messages = api.liveStore(
  async function* (signal) {
    yield* live(api.ChatMessageChangedDocument, { chatSessionId: await openChat() }, { signal });
  },
  async () => {
    const { chatSession } = await execute(api.ChatMessagesDocument, { chatSessionId: await openChat(), last: 50 });
    return chatSession?.messages?.nodes;
  },
  ({ chatMessageChanged }) => chatMessageChanged.chatMessage,
);

/** Returns the id of the chat session of all tabs: the first call creates it, later ones return the same. */
async function openChat(): Promise<string> {
  const input = { ownerReference: 'desk', title: 'Desk' };
  const { createChatSession } = await execute(api.CreateChatSessionDocument, { input }, { idempotencyKey: 'desk' });
  return api.unwrap(createChatSession).chatSession.id;
}
const release = async (positionId: string) => {
  const { releasePosition } = await execute(api.ReleasePositionDocument, { input: { positionId, all: true } });
  api.unwrap(releasePosition);
};
const post = async (form: FormData) => {
  const input = { chatSessionId: await openChat(), authorReference: 'desk', body: form.get('body') as string };
  api.unwrap((await execute(api.PostChatMessageDocument, { input })).postChatMessage);
};

function Desk() {
  const { rows, error } = useSyncExternalStore(positions.subscribe, positions.getSnapshot);
  const chat = useSyncExternalStore(messages.subscribe, messages.getSnapshot);
  return (
    <main>
      <p role="alert">{(error ?? chat.error)?.code}</p>
      {rows.map(({ id, holderReference, held, state }) => (
        <p key={id}>
          {holderReference} {held.formatted} {state} <button onClick={() => release(id).catch(alert)}>Release</button>
        </p>
      ))}
      {chat.rows.map(({ id, body }) => (
        <p key={id}>{body}</p>
      ))}
      <form action={(form) => post(form).catch(alert)}>
        <input name="body" aria-label="Message" required /> <button>Post</button>
      </form>
    </main>
  );
}
createRoot(document.body.appendChild(document.createElement('div'))).render(<Desk />);
