import { type ClientRequest, Agent as HttpAgent, type IncomingMessage } from 'node:http';
import { type AgentOptions, Agent as HttpsAgent } from 'node:https';

/** How long a connection without a request is kept. */
const IDLE_TIMEOUT_MS = 10_000;
/** The maximum number of connections without a request of one agent, to all hosts together. */
const MAX_IDLE_SOCKETS = 256;
/** The time after which the next address of a host is tried. */
const NEXT_ADDRESS_MS = 1000;
/** What is read of the body of a response, so that its connection can be used again. It is ignored. */
const MAX_BODY_BYTES = 16 * 1024;
const BODY_TIMEOUT_MS = 1000;

/** The agents that open connections, by the scheme of a URL. */
export type Agents = Readonly<Record<'http:' | 'https:', HttpAgent>>;

export function newAgents(options: AgentOptions): Agents {
  const all: AgentOptions = {
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_MS,
    timeout: IDLE_TIMEOUT_MS,
    // Explicit, so that no setting of the environment turns the verification of certificates off.
    rejectUnauthorized: true,
    ...options,
  };
  return { 'http:': limitIdleSockets(new HttpAgent(all)), 'https:': limitIdleSockets(new HttpsAgent(all)) };
}

/** Limits the connections without a request. The agent itself limits them only for each host. */
function limitIdleSockets(agent: HttpAgent): HttpAgent {
  const keep = agent.keepSocketAlive.bind(agent);
  agent.keepSocketAlive = (socket) => {
    const idle = Object.values(agent.freeSockets).reduce((sum, sockets) => sum + (sockets?.length ?? 0), 0);
    return idle < MAX_IDLE_SOCKETS && keep(socket);
  };
  return agent;
}

/**
 * Reads the rest of an exchange whose outcome is known. A connection on which that takes too much or too long is closed.
 */
export function discardBody(sent: ClientRequest, response: IncomingMessage): void {
  let bytes = 0;
  const timer = setTimeout(() => sent.destroy(), BODY_TIMEOUT_MS).unref();
  sent.once('close', () => clearTimeout(timer));
  response.on('data', (chunk: Uint8Array) => {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) sent.destroy();
  });
  response.on('error', () => undefined);
}
