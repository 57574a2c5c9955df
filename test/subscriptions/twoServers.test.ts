import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { COUNTS, SEED } from '../counts.ts';
import { createDatabase } from '../support/database.ts';
import { type Change, type LiveClient, sse, type Transport, webSocket } from '../support/live.ts';
import { buildProgram, type Program, startProgram } from '../support/program.ts';
import { numbers } from './feed.ts';

const SESSIONS = 5;
const POSTERS = 8;
const MESSAGES = `subscription($of: ID, $after: String) { chatMessageChanged(institutionId: $of, after: $after) {
  cursor kind chatMessage { sequence chatSession { id } } } }`;
const POST = `mutation($input: PostChatMessageInput!) { postChatMessage(input: $input) {
  ... on PostChatMessagePayload { chatMessage { sequence } } ... on UserError { message } } }`;

let main: string;
beforeAll(async () => {
  main = await buildProgram();
});

/** Subscribes to all messages in an institution, and resumes from the last cursor whenever its connection breaks. */
class Subscriber {
  readonly seen = new Map<string, number[]>();
  readonly ready: Promise<void>;
  count = 0;
  connections = 0;
  #client: LiveClient | undefined;
  #left = false;

  constructor({ connect }: Transport, address: string, of: string, whenSeen: () => void) {
    this.ready = new Promise((resolve) => {
      void this.#run(() => connect(address), of, resolve, whenSeen);
    });
  }

  drop(): void {
    this.#client?.vanish();
  }
  leave(): void {
    this.#left = true;
    this.drop();
  }

  async #run(connect: () => LiveClient, of: string, ready: () => void, whenSeen: () => void): Promise<void> {
    let after: string | undefined;
    while (!this.#left) {
      this.connections += 1;
      const client = connect();
      this.#client = client;
      try {
        for await (const { data } of client.ask(MESSAGES, { of, after })) {
          const change: Change | undefined = data?.['chatMessageChanged'];
          if (!change) break; // Ended with a code, such as BUSY: it resumes.
          after = change.cursor;
          ready();
          const message = change['chatMessage'] as {
            readonly sequence: number;
            readonly chatSession: { readonly id: string };
          };
          if (message === null) continue;
          const { sequence, chatSession } = message;
          this.seen.set(chatSession.id, [...(this.seen.get(chatSession.id) ?? []), sequence]);
          this.count += 1;
          whenSeen();
        }
      } catch {
        // The connection broke.
      }
      client.vanish();
    }
  }
}

async function idOf(program: Program, mutation: string, object: string, input: object): Promise<string> {
  const type = `${mutation[0]?.toUpperCase()}${mutation.slice(1)}`;
  const query = `mutation($input: ${type}Input!) { ${mutation}(input: $input) { ... on ${type}Payload { ${object} { id } } } }`;
  const { data } = await program.ask(query, { input });
  return (data as Record<string, Record<string, { readonly id: string }>>)[mutation]?.[object]?.id ?? '';
}

/** Returns a random function that is reproducible by its seed. */
function dice(seed: number): (sides: number) => number {
  let state = seed >>> 0;
  return (sides) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

it('subscribers of two servers receive each message once and in order, however often their connections drop', async () => {
  const database = await createDatabase();
  onTestFinished(() => database.drop());
  const env = { STORE_BACKEND: 'postgres', DATABASE_URL: database.url, DEMO_DATA: 'false', LOG_LEVEL: 'warn' };
  const [one, other] = [startProgram(main, env), startProgram(main, env)] as const;
  const addresses = await Promise.all([one.address, other.address]);
  const of = await idOf(one, 'createInstitution', 'institution', { name: 'Harbor Bank', regions: ['US'] });
  const session = { institutionId: of, ownerReference: 'ada', title: 'Pier 9' };
  const sessions = await Promise.all(
    numbers(1, SESSIONS).map(() => idOf(one, 'createChatSession', 'chatSession', session)),
  );

  const total = COUNTS.liveMessages;
  const roll = dice(SEED);
  let seen = 0;
  const subscribers: Subscriber[] = [];
  // Each drop happens after a number of changes received by all together, and affects a random subscriber.
  const drops = numbers(1, COUNTS.liveDrops).map(() => 1 + roll(total * 4));
  drops.sort((a, b) => a - b);
  let finish: (() => void) | undefined;
  const finished = new Promise<void>((resolve) => (finish = resolve));
  const whenSeen = (): void => {
    seen += 1;
    while ((drops[0] ?? Infinity) <= seen) {
      drops.shift();
      subscribers[roll(subscribers.length)]?.drop();
    }
    if (subscribers.every(({ count }) => count >= total)) finish?.();
  };
  for (const address of addresses) {
    for (const transport of [sse, webSocket]) subscribers.push(new Subscriber(transport, address, of, whenSeen));
  }
  onTestFinished(() => subscribers.forEach((each) => each.leave()));
  await Promise.all(subscribers.map(({ ready }) => ready));

  const began = performance.now();
  let posted = 0;
  const refused: unknown[] = [];
  const poster = async (): Promise<void> => {
    while (posted < total) {
      const chatSessionId = sessions[posted % SESSIONS];
      posted += 1;
      const input = { chatSessionId, authorReference: 'ada', body: `Message ${posted}` };
      const { data, errors } = await one.ask(POST, { input });
      const answer = (data as { readonly postChatMessage?: { readonly message?: string } } | undefined)
        ?.postChatMessage;
      if (errors !== undefined || !answer || answer.message !== undefined) refused.push(errors ?? answer);
    }
  };
  await Promise.all(numbers(1, POSTERS).map(poster));
  const postedMs = performance.now() - began;
  expect(refused).toEqual([]);
  await finished;
  const seconds = (performance.now() - began) / 1_000;
  process.stdout.write(
    `${total} messages posted in ${(postedMs / 1_000).toFixed(1)} s, seen by ${subscribers.length} subscribers of two ` +
      `servers after ${seconds.toFixed(1)} s over ${subscribers.reduce((sum, each) => sum + each.connections, 0)} connections\n`,
  );
  for (const { seen: own } of subscribers) {
    expect([...own.keys()].toSorted()).toEqual(sessions.toSorted());
    for (const sequences of own.values()) expect(sequences).toEqual(numbers(1, total / SESSIONS));
  }
  for (const program of [one, other]) expect([program.stderr(), (await program.stop()).code]).toEqual(['', 0]);
});
