import { expect, it } from 'vitest';
import * as client from '../../src/client/index.ts';
import { clientWorld } from '../client/world.ts';
import { AsyncFunction } from '../support/asyncFunction.ts';
import { codeBlocks, sectionOf } from '../support/documents.ts';

const world = clientWorld();

/** Runs the program below the heading of a guide with these values, and everything that the client exports. */
async function run(path: string, values: Readonly<Record<string, unknown>>): Promise<void> {
  const [code = ''] = codeBlocks(sectionOf(path, 'TypeScript client'), 'js');
  const program = code.replace(/^import .*$/m, '').replace('http://127.0.0.1:4000/graphql', world().url);
  const names = { ...client, ...values };
  await new AsyncFunction(...Object.keys(names), program)(...Object.values(names));
}

it('runs the documented program of the client', async () => {
  const { admin, deal } = world().endpoint.houses[0];
  const printed: unknown[] = [];
  const log = (value: unknown): void => void printed.push(value);
  await run('docs/api.md', { key: admin, assetId: deal.assetId, console: { log } });
  expect(printed).toEqual(['$1,000.00']);
});

it('runs the documented loop of live changes', async () => {
  const { execute } = world().client();
  const input = { ownerReference: 'ann', title: 'Pier 9' };
  const created = await execute(client.CreateChatSessionDocument, { input });
  const chatSessionId = client.unwrap(created.createChatSession).chatSession.id;
  const END = new Error('The message has arrived.');
  const loadMessages = () =>
    execute(client.PostChatMessageDocument, { input: { chatSessionId, authorReference: 'ann', body: 'Accepted' } });
  const show = ({ body }: { readonly body: string }): void => {
    expect(body).toBe('Accepted');
    throw END;
  };
  const values = { client: world().client(), chatSessionId, loadMessages, show };
  await expect(run('docs/live.md', values)).rejects.toBe(END);
});
