import { escaped } from './html.ts';

/** An API key that the page offers. */
export interface PageKey {
  /** Identifies the choice. A browser remembers it instead of the token, which can change at each start. */
  readonly name: string;
  /** The text of the choice. */
  readonly label: string;
  readonly token: string;
}

const OTHER = 'other';

/** Returns JSON that is safe within a script element. */
export const jsonForScript = (value: unknown): string => JSON.stringify(value).replaceAll('<', String.raw`\u003c`);

/** Returns the bar above GraphiQL: the API key of all tabs, the cost of the last response, links, and its script. */
export const barOf = (keys: readonly PageKey[], hasExamples: boolean): string => `
<style>${STYLE}</style>
<header id="bar">
  <strong>EscrowGrid</strong>
  <label for="bar-key">API key</label>
  <select id="bar-key">
    ${keys.map(({ name, label }) => `<option value="${escaped(name)}">${escaped(label)}</option>`).join('')}
    <option value="${OTHER}">Another API key</option>
  </select>
  <input id="bar-token" type="password" autocomplete="off" spellcheck="false" placeholder="Paste an API key"
    aria-label="The other API key" hidden>
  <output id="bar-status" aria-label="The last response"></output>
  <nav aria-label="Links">
    <button type="button" id="bar-docs">Documentation</button>
    ${hasExamples ? '<button type="button" id="bar-examples">Restore examples</button>' : ''}
    <a href="/schema.graphql">SDL</a>
    <a href="/" target="_blank">Overview</a>
    <a href="?" target="_blank">Second window</a>
  </nav>
  <p id="bar-problem" role="alert"></p>
</header>
<script>${scriptOf(keys)}</script>`;

const STYLE = `
  body { display: flex; flex-direction: column; height: 100vh; }
  #root { flex: 1; min-height: 0; }
  #root .graphiql-container { height: 100%; width: 100%; }
  /* On a first visit each tab moves away from under the first click, which is lost. */
  .graphiql-tab { transform: none !important; }
  .graphiql-tab-button { font-size: 13px; }
  .graphiql-logo { display: none; }
  #bar {
    --ink: #2b2f3a; --paper: #f4f5f8; --line: #c9cdd8; --link: #23508e; --bad: #a61b1b;
    display: flex; flex-wrap: wrap; align-items: center; gap: 6px 10px; padding: 6px 16px; color: var(--ink);
    background: var(--paper); border-bottom: 1px solid var(--line); font: 14px/1.5 system-ui, sans-serif;
  }
  body.graphiql-dark #bar { --ink: #e6e8ee; --paper: #1b2233; --line: #46506a; --link: #9cc1ff; --bad: #ffa3a3; }
  @media (prefers-color-scheme: dark) {
    body:not(.graphiql-light) #bar { --ink: #e6e8ee; --paper: #1b2233; --line: #46506a; --link: #9cc1ff; --bad: #ffa3a3; }
  }
  #bar :is(select, input, button) {
    font: inherit; color: inherit; background: transparent; padding: 2px 8px; border: 1px solid var(--line);
    border-radius: 4px;
  }
  #bar option { color: #2b2f3a; background: #ffffff; }
  #bar select { max-width: 17em; }
  #bar input { width: 10em; }
  #bar :is(select, input, button, a):focus-visible { outline: 2px solid var(--link); outline-offset: 1px; }
  #bar nav { display: flex; flex-wrap: wrap; gap: 10px; align-items: center; margin-left: auto; }
  #bar a { color: var(--link); }
  #bar-status { font-variant-numeric: tabular-nums; }
  #bar-problem { flex-basis: 100%; margin: 0; color: var(--bad); font-weight: 600; }
  #bar-problem:empty { display: none; }
  .graphiql-doc-explorer-error::after { content: var(--problem, ''); display: block; }
`;

const scriptOf = (keys: readonly PageKey[]): string => `
(() => {
  const tokens = ${jsonForScript(Object.fromEntries(keys.map(({ name, token }) => [name, token])))};
  ${CONTROLS}
  ${REQUESTS}
})();
`;

/** The selection of the API key and the buttons. A token that a user enters is kept only for the session of the tab. */
const CONTROLS = `const [choice, token, status, problem, docs, examples] = ['key', 'token', 'status', 'problem', 'docs', 'examples']
    .map((name) => document.getElementById('bar-' + name));
  const restore = (name) => { try { return sessionStorage.getItem('escrowgrid:' + name); } catch { return null; } };
  const keep = (name, value) => { try { sessionStorage.setItem('escrowgrid:' + name, value); } catch {} };

  choice.value = restore('key') ?? '';
  // The remembered API key may not exist on this server.
  if (choice.selectedIndex < 0) choice.selectedIndex = 0;
  token.value = restore('token') ?? '';
  const isOther = () => choice.value === '${OTHER}';
  const show = () => { token.hidden = !isOther(); };
  show();

  const report = (text) => {
    problem.textContent = text;
    document.body.style.setProperty('--problem', JSON.stringify(text));
  };
  const refetch = () => document.querySelector('[aria-label^="Re-fetch GraphQL schema"]')?.click();
  choice.addEventListener('change', () => {
    keep('key', choice.value);
    show();
    if (isOther()) token.focus();
    if (!isOther() || token.value) refetch();
  });
  token.addEventListener('change', () => {
    keep('token', token.value);
    refetch();
  });
  docs.addEventListener('click', () => document.querySelector('[aria-label="Show Documentation Explorer"]')?.click());
  examples?.addEventListener('click', () => {
    if (!confirm('Replace all tabs by the examples?')) return;
    // The next page removes the tabs: this one could still store them.
    keep('restore', 'yes');
    location.assign(location.pathname);
  });
`;

/**
 * Sends every request of the page with the selected API key, unless it has one, and shows its duration, its cost and a
 * rejected API key in words.
 */
const REQUESTS = `const wordsOf = (isOwn) => {
    if (isOwn) return 'The server rejected the API key in the headers of this tab. Correct or remove it.';
    if (!isOther()) return 'The server rejected this API key. If the server was restarted, reload the page.';
    if (!token.value) return 'Paste an API key into the field above. Without one the server rejects every request.';
    return 'The server rejected this API key: it is misspelt, expired or revoked. Paste another one.';
  };
  const send = globalThis.fetch;
  globalThis.fetch = async (resource, options = {}) => {
    const headers = new Headers(options.headers);
    const isOwn = headers.has('authorization') || headers.has('x-api-key');
    const key = isOther() ? token.value.trim() : tokens[choice.value];
    // A header must not have other characters, and no API key has them.
    if (!isOwn && /^[!-~]+$/.test(key ?? '')) headers.set('authorization', 'Bearer ' + key);
    const isIntrospection = String(options.body).includes('IntrospectionQuery');
    if (!isIntrospection) headers.set('x-graphql-cost', '1');
    const began = performance.now();
    const response = await send(resource, { ...options, headers }).catch((error) => {
      if (error.name !== 'AbortError') report('The server cannot be reached.');
      throw error;
    });
    report(response.status === 401 ? wordsOf(isOwn) : '');
    // GraphiQL reads the schema by itself, and not only at its start.
    if (isIntrospection) return response;
    status.value = '';
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream');
    if (isStream) {
      status.value = 'Subscription open';
      options.signal?.addEventListener('abort', () => { status.value = 'Subscription ended'; });
      return response;
    }
    void response.clone().json().catch(() => ({})).then(({ extensions }) => {
      const cost = extensions?.cost === undefined ? '' : ', cost ' + extensions.cost;
      status.value = Math.round(performance.now() - began) + ' ms' + cost;
    });
    return response;
  };
`;
