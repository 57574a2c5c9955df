import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

/** Serves a function from the body of a request to that of its response, in node:http and nothing else. */
export const textServer = (execute: (body: string) => Promise<string>): ReturnType<typeof createServer> =>
  createServer((request: IncomingMessage, response: ServerResponse) => {
    const parts: Buffer[] = [];
    const send = (text: string): void => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
      response.end(text);
    };
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => void execute(Buffer.concat(parts).toString()).then(send));
  });
