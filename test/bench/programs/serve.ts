// The side of a server program in the protocol with its parent process: it reports its address once, and its resource
// usage whenever the parent asks for it.
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Data, Size } from '../data.ts';

/** What a server program is started with. */
export interface Start {
  readonly size: Size;
  /** The database, for programs that use one. */
  readonly databaseUrl?: string;
  /** The number of connections to the database. */
  readonly connections: number;
  /** The data in the database; absent if the program fills its own store. */
  readonly data?: Data;
  /** The folder with the package.json of the peers. */
  readonly peers: string;
}

/** What a server program reports when it is ready. */
export interface Started {
  readonly url: string;
  readonly data: Data;
  readonly versions: Readonly<Record<string, string>>;
}

/** The resource usage of a server process since its start. */
export interface Usage {
  readonly cpuUs: number;
  readonly residentBytes: number;
  /** The used heap and array buffers, after a collection if the parent asked for one. */
  readonly heapBytes: number;
}

/** Runs the program: receives its start message, starts it, and answers the parent. */
export async function serve(start: (options: Start) => Promise<Started>): Promise<void> {
  const [options] = (await once(process, 'message')) as [Start];
  const started = await start(options);
  process.on('message', (message: { readonly collect: boolean }) => {
    if (message.collect) for (let times = 0; times < 3; times += 1) globalThis.gc?.();
    const { user, system } = process.cpuUsage();
    const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
    const usage: Usage = { cpuUs: user + system, residentBytes: rss, heapBytes: heapUsed + arrayBuffers };
    process.send?.(usage);
  });
  process.on('disconnect', () => process.exit());
  process.send?.(started);
}

/** Listens on a free port of the loopback address, and returns the URL. */
export async function listenLocally(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/graphql`;
}
