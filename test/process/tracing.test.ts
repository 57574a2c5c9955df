import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Attributes,
  type Context,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  trace,
} from '@opentelemetry/api';
import { afterEach, expect, it, onTestFinished } from 'vitest';
import { type OpenTelemetry, openTelemetry } from '../../src/openTelemetry.ts';
import { createPostgresStore } from '../../src/store/postgres/index.ts';
import { createDatabase } from '../support/database.ts';
import { ROOT_TOKEN, serveKeys } from '../support/keyed.ts';
import { listeningWithKeys } from '../support/keyedLive.ts';

/** A span that has ended. */
interface Ended {
  readonly name: string;
  readonly spanId: string;
  readonly traceId: string;
  readonly parent: string | undefined;
  readonly attributes: Attributes;
}

afterEach(() => {
  trace.disable();
  context.disable();
  propagation.disable();
});

/** Registers the smallest SDK that keeps the spans. */
function registerSdk(): readonly Ended[] {
  const ended: Ended[] = [];
  const current = new AsyncLocalStorage<Context>();
  context.setGlobalContextManager({
    active: () => current.getStore() ?? ROOT_CONTEXT,
    with: (active, run, self, ...args) => current.run(active, () => run.call(self, ...args)),
    bind: (_active, target) => target,
    enable: () => expect.fail(),
    disable: () => context as never,
  });
  propagation.setGlobalPropagator({
    inject: () => undefined,
    extract: (active, carrier) => {
      const [, traceId, spanId] = /^00-(\w{32})-(\w{16})-01$/.exec(String((carrier as never)['traceparent'])) ?? [];
      return traceId && spanId ? trace.setSpanContext(active, { traceId, spanId, traceFlags: 1 }) : active;
    },
    fields: () => ['traceparent'],
  });
  let ids = 0;
  const startSpan = (name: string, options: { attributes?: Attributes } = {}, of = context.active()): Span => {
    const parent = trace.getSpanContext(of);
    const spanId = String((ids += 1)).padStart(16, '0');
    const attributes = { ...options.attributes };
    const spanContext = { traceId: parent?.traceId ?? spanId.padStart(32, '0'), spanId, traceFlags: 1 };
    const end = () => ended.push({ name, spanId, traceId: spanContext.traceId, parent: parent?.spanId, attributes });
    const setAttributes = (more: Attributes) => Object.assign(attributes, more);
    return { spanContext: () => spanContext, setAttributes, setStatus: () => undefined, end } as unknown as Span;
  };
  trace.setGlobalTracerProvider({ getTracer: () => ({ startSpan, startActiveSpan: () => expect.fail() }) });
  return ended;
}

it('nothing is traced without an SDK', async () => {
  expect(await openTelemetry()).toBeUndefined();
});

it('a request continues its trace, with spans for its steps and its statements', async () => {
  const ended = registerSdk();
  const tracing = (await openTelemetry()) as OpenTelemetry;
  const database = await createDatabase();
  onTestFinished(() => database.drop());
  const { traceStatement } = tracing;
  const store = createPostgresStore({ databaseUrl: database.url, onError: () => undefined, traceStatement });
  onTestFinished(() => store.close());
  const server = serveKeys(store, { tracing, onRequest: () => undefined });
  const ends: (() => Promise<void>)[] = [];
  const address = await listeningWithKeys(server, (end) => ends.push(end));
  onTestFinished(async () => {
    for (const end of ends) await end();
  });
  const traceId = 'a'.repeat(32);
  const of = () => ended.filter((each) => each.traceId === traceId).map(({ name }) => name);
  const post = async (query: string) => {
    await fetch(address, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${ROOT_TOKEN}`,
        traceparent: `00-${traceId}-${'b'.repeat(16)}-01`,
      },
      body: JSON.stringify({ query }),
    }).then((response) => response.arrayBuffer());
  };
  const create = 'mutation Create { createInstitution(input: { name: "secret-name", regions: [US] }) { __typename } }';
  await post(create);
  expect(of().slice(0, 2)).toEqual(['parse', 'validate']);
  expect(of().slice(-2)).toEqual(['execute', 'request']);
  expect(of()).toContain('statement');
  expect(of().filter((name) => name === 'commit')).toHaveLength(1);
  const request = ended.find(({ name }) => name === 'request');
  expect(request).toMatchObject({
    parent: 'b'.repeat(16),
    attributes: { 'graphql.operation.name': 'Create', 'escrowgrid.outcome': 'ok', 'http.response.status_code': 200 },
  });
  const execution = ended.find(({ name }) => name === 'execute');
  expect(execution).toMatchObject({ parent: request?.spanId });
  const below = ended.filter(({ parent }) => parent === execution?.spanId).map(({ name }) => name);
  expect(new Set(below)).toEqual(new Set(['statement', 'commit']));
  const before = of().length;
  for (let times = 0; times < 5; times += 1) await post('{ institutions { nodes { id } } }');
  expect(of().length).toBeGreaterThan(before + 10);
  expect(of().slice(-2)).toEqual(['execute', 'request']);
  expect(JSON.stringify(ended)).not.toContain('secret-name');
});
