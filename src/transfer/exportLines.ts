import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { ExportFormatError, type Header, noRows, parseHeader, tableOfLine, trailerLine } from './format.ts';

const CHUNK_BYTES = 1024 * 1024;
/** The maximum size of a line, in bytes. The longest row is far shorter. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;
const NEWLINE = 10;

/**
 * Returns the lines of an export between its header and its trailer, some at a time. Throws ExportFormatError if the
 * file is no export, and after the last line also if it is damaged or not complete.
 */
export async function* exportLines(path: string): AsyncGenerator<readonly Buffer[]> {
  const hash = createHash('sha256');
  const rows = noRows();
  let header: Header | undefined;
  // The last line is the trailer, so each line waits for the next one.
  let last: Buffer | undefined;
  for await (const lines of fileLines(path)) {
    const complete = last === undefined ? lines : [last, ...lines];
    last = complete.at(-1);
    const read = complete.slice(0, -1);
    for (const line of read) hash.update(line).update('\n');
    if (!header && last !== undefined) {
      const first = parseHeader((complete[0] as Buffer).toString());
      if (read.length === 0) continue;
      header = first;
      read.shift();
    }
    for (const line of read) {
      const table = header && tableOfLine(line, header.version);
      if (table) rows[table] += 1;
    }
    if (read.length > 0) yield read;
  }
  if (!header) throw new ExportFormatError(last ? CUT_OFF : 'The file is not an export of EscrowGrid.');
  const trailer = last?.toString() ?? '';
  if (trailer === trailerLine(header.version, rows, hash.digest('hex'))) return;
  throw new ExportFormatError(trailer.startsWith('{"rows":') ? DAMAGED : CUT_OFF);
}

const CUT_OFF = 'The export is not complete: its last line is missing.';
const DAMAGED = 'The export is damaged: its checksum differs from that of its last line.';

/** Returns the first line of a file. */
export async function firstLine(path: string): Promise<string> {
  for await (const [line] of fileLines(path)) if (line) return line.toString();
  return '';
}

/** Returns the lines of a file, some at a time. Throws ExportFormatError if the last one has no end. */
async function* fileLines(path: string): AsyncGenerator<readonly Buffer[]> {
  let begun: Buffer[] = [];
  let begunBytes = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: CHUNK_BYTES }) as AsyncIterable<Buffer>) {
    const lines: Buffer[] = [];
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      const part = chunk.subarray(from, end);
      lines.push(begun.length === 0 ? part : Buffer.concat([...begun, part]));
      begun = [];
      begunBytes = 0;
      from = end + 1;
    }
    if (from < chunk.length) {
      begun.push(chunk.subarray(from));
      begunBytes += chunk.length - from;
    }
    if (begunBytes > MAX_LINE_BYTES) throw new ExportFormatError('The file is not an export of EscrowGrid.');
    if (lines.length > 0) yield lines;
  }
  if (begun.length > 0) throw new ExportFormatError(CUT_OFF);
}
