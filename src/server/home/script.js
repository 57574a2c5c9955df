// The script of the page at `/`: draws the totals of one institution, and again whenever a position changes.

import { showChange, showTotals } from './drawing.js';

const INSTITUTIONS = `query Institutions {
  institutions(first: 100, orderBy: { field: NAME, direction: ASC }) { nodes { id name } }
  positions(first: 1, orderBy: { field: UPDATED_AT, direction: DESC }) { nodes { institution { id } } }
}`;
const TOTALS = `query Totals($institutionId: ID!, $locale: String!) {
  positionTotals(filter: { institutionId: $institutionId }) {
    currencyCode count
    amount { minorUnits formatted(locale: $locale) }
    held { formatted(locale: $locale) }
    retained { minorUnits formatted(locale: $locale) }
    byState { state count amount { minorUnits formatted(locale: $locale) } }
  }
}`;
const CHANGES = `subscription Changes($institutionId: ID!, $locale: String!) {
  positionChanged(institutionId: $institutionId) {
    kind
    event { fromState toState moved { formatted(locale: $locale) } }
    position { holderReference asset { label } }
  }
}`;
/** The least time between two drawings, in ms. */
const DRAWING_MS = 1_000;
/** The pause before the first repetition after a failure, and the longest one, in ms. */
const RETRY_MS = { first: 1_000, max: 15_000 };
const KEY_NAME = 'escrowgrid:key';

const byId = (id) => document.getElementById(id);
const { graphql, key: givenKey } = document.querySelector('main').dataset;
let key = sessionStorage.getItem(KEY_NAME) ?? givenKey;
let session = new AbortController();

/** A failure with a text for people. */
class Problem extends Error {
  constructor(message, { needsKey = false } = {}) {
    super(message);
    this.needsKey = needsKey;
  }
}

function restart() {
  session.abort();
  session = new AbortController();
  byId('change').textContent = '';
  void follow(session.signal);
}

/** Draws the totals and follows the changes until the signal stops it. Begins again after every failure. */
async function follow(signal) {
  let pauseMs = RETRY_MS.first;
  const onLive = () => (pauseMs = RETRY_MS.first);
  while (!signal.aborted) {
    try {
      const institutionId = await showInstitutions(signal);
      if (institutionId) await watch(institutionId, signal, onLive);
      else showStatus('live', 'There are no institutions yet');
    } catch (error) {
      if (signal.aborted) return;
      showStatus('problem', error instanceof Problem ? error.message : 'The server cannot be reached. Trying again.');
      if (error.needsKey) return requestKey();
    }
    await pause(pauseMs);
    pauseMs = Math.min(2 * pauseMs, RETRY_MS.max);
  }
}

/** Opens the form for the API key, which starts again. */
function requestKey() {
  sessionStorage.removeItem(KEY_NAME);
  byId('key').open = true;
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Lists the institutions and returns the id of the selected one: at first that whose position changed last. */
async function showInstitutions(signal) {
  const { institutions, positions } = await load(INSTITUTIONS, {}, signal);
  const select = byId('institution');
  const selected = select.value || positions?.nodes[0]?.institution?.id || institutions.nodes[0]?.id;
  select.replaceChildren(
    ...institutions.nodes.map(({ id, name }) => new Option(name, id, id === selected, id === selected)),
  );
  byId('choice').hidden = institutions.nodes.length === 0;
  byId('empty').hidden = institutions.nodes.length > 0;
  return select.value;
}

/** Draws the totals at the start of the stream and after its changes. Returns when the stream ends. */
async function watch(institutionId, signal, onLive) {
  const variables = { institutionId, locale: navigator.language };
  const response = await send(CHANGES, variables, signal, 'text/event-stream');
  for await (const changes of changesIn(response.body)) {
    const { positionTotals } = await load(TOTALS, variables, signal);
    showTotals(positionTotals);
    showChange(changes.at(-1));
    showStatus('live', 'Live');
    onLive();
    await pause(DRAWING_MS);
  }
}

/** Yields the changes that have arrived since the last ones. */
async function* changesIn(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const events = (text + value).split('\n\n');
    text = events.pop();
    const results = events
      .flatMap((event) => /^data: ?(\{.*)$/m.exec(event)?.[1] ?? [])
      .map((data) => JSON.parse(data));
    const failed = results.find(({ errors }) => errors);
    if (failed) throw problemOf(failed);
    if (results.length > 0) yield results.map(({ data }) => data.positionChanged);
  }
}

/** Returns the data of a query. */
async function load(query, variables, signal) {
  const response = await send(query, variables, signal, 'application/graphql-response+json');
  const result = await response.json();
  if (result.errors) throw problemOf(result);
  return result.data;
}

async function send(query, variables, signal, accept) {
  const headers = { ...credentials(), accept, 'content-type': 'application/json' };
  const body = JSON.stringify({ query, variables });
  const response = await fetch(graphql, { method: 'POST', headers, body, signal });
  if (!response.ok) throw problemOf(await response.json());
  return response;
}

/** Returns the header with the API key. A text that no header can contain is no API key. */
function credentials() {
  if (!key) throw new Problem('Enter an API key to see the totals.', { needsKey: true });
  if (!/^[\x21-\x7e]+$/.test(key)) throw problemOf({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
  return { authorization: `Bearer ${key}` };
}

function problemOf({ errors: [{ message, extensions }] }) {
  if (extensions?.code === 'UNAUTHENTICATED') {
    return new Problem('The API key is not valid. Enter another one.', { needsKey: true });
  }
  if (extensions?.code === 'SERVICE_UNAVAILABLE') {
    return new Problem('The database cannot be reached. Trying again.');
  }
  return new Problem(message);
}

function showStatus(kind, text) {
  const status = byId('status');
  status.dataset.kind = kind;
  if (status.textContent !== text) status.textContent = text;
}

/** Opens a text for which a link cannot send the API key. */
async function openWithKey(address) {
  try {
    const response = await fetch(address, { headers: credentials() });
    if (!response.ok) throw problemOf(await response.json());
    const text = new Blob([await response.text()], { type: 'text/plain;charset=utf-8' });
    location.assign(URL.createObjectURL(text));
  } catch (error) {
    showStatus('problem', error.message);
  }
}

document.querySelector('nav').addEventListener('click', (event) => {
  const link = event.target.closest('a[data-keyed]');
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  void openWithKey(link.href);
});
byId('institution').addEventListener('change', restart);
byId('key').addEventListener('submit', (event) => {
  event.preventDefault();
  key = byId('token').value.trim();
  sessionStorage.setItem(KEY_NAME, key);
  restart();
});
void follow(session.signal);
