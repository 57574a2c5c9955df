import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { LogOutput } from '../src/logOutput.ts';

/** A stream that keeps what was written, and accepts more only when `proceed` is called. */
function slowStream() {
  const written: string[] = [];
  let proceed = (): void => undefined;
  const stream = new Writable({
    write: (chunk, _encoding, accepted) => {
      written.push(String(chunk));
      proceed = accepted;
    },
  });
  return { stream, written, proceed: () => proceed() };
}

it('lines are written together and in order', async () => {
  const { stream, written, proceed } = slowStream();
  const output = new LogOutput(stream);
  for (const line of ['1\n', '2\n', '3\n']) output.write(line);
  expect(written).toEqual([]);
  await expect.poll(() => written).toEqual(['1\n2\n3\n']);
  output.write('4\n');
  const ended = output.end();
  proceed();
  await expect.poll(() => written).toEqual(['1\n2\n3\n', '4\n']);
  proceed();
  await ended;
});

it('the end of the log does not wait for a reader that has stopped reading', async () => {
  const { stream, written } = slowStream();
  const output = new LogOutput(stream);
  output.write('1\n');
  await output.end();
  expect(written).toEqual(['1\n']);
});

it('lines beyond the limit are dropped and counted, until the reader continues', async () => {
  const { stream, written, proceed } = slowStream();
  const output = new LogOutput(stream);
  const large = `${'x'.repeat(9 * 1024 * 1024)}\n`;
  output.write(large);
  await expect.poll(() => written).toEqual([large]);
  output.write('dropped\n');
  expect(output.dropped).toBe(1);
  proceed();
  output.write('kept\n');
  await expect.poll(() => written).toEqual([large, 'kept\n']);
  expect(output.dropped).toBe(1);
});

it('an error of the stream ends the log, and nothing else', async () => {
  const stream = new Writable({ write: (_chunk, _encoding, done) => done(new Error('EPIPE')) });
  const output = new LogOutput(stream);
  output.write('1\n');
  await expect.poll(() => stream.errored).not.toBeNull();
  output.write('2\n');
  await output.end();
  expect(output.dropped).toBe(0);
});
