import type { TestServer } from './server.ts';

/** Runs a mutation that must succeed, and returns its object. */
async function made(
  server: TestServer,
  mutation: string,
  input: object,
): Promise<{ readonly [field: string]: string }> {
  const type = `${mutation[0]?.toUpperCase()}${mutation.slice(1)}`;
  const object = mutation.endsWith('Session') || mutation.endsWith('Read') ? 'chatSession' : 'chatMessage';
  const { data, errors, text } = await server.ask<Record<string, Record<string, { [field: string]: string }>>>(
    `mutation($input: ${type}Input!) { ${mutation}(input: $input) { ... on ${type}Payload { ${object} { id } } } }`,
    { input },
  );
  const found = data?.[mutation]?.[object];
  if (errors || !found) throw new Error(`${mutation} failed: ${text}`);
  return found;
}

/** Runs a chat mutation, and returns the id of its object. */
export const chat =
  (server: TestServer) =>
  async (mutation: string, input: object): Promise<string> =>
    (await made(server, mutation, input))['id'] ?? '';
