import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startPostgres } from './postgresServer.ts';

/**
 * A program for postgresServer.test.ts: starts a server, prints its process id and folder, then ends as its argument
 * states.
 */
const ending = process.argv[2];
const server = await startPostgres();
const [postgres] = readFileSync(join(server.folder, 'data/postmaster.pid'), 'utf8').split('\n');
process.stdout.write(`${postgres}\t${server.folder}\n`);
if (ending === 'stop') await server.stop();
if (ending === 'throw') throw new Error('simulated failure');
if (ending === 'stay') setInterval(() => {}, 1000);
