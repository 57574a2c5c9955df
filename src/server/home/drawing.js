// Draws totals as bars of inline SVG, and describes changes.

const STATES = {
  CREATED: 'Created',
  PARTIALLY_FUNDED: 'Partially funded',
  FUNDED: 'Funded',
  PARTIALLY_RELEASED: 'Partially released',
  RELEASED: 'Released',
  CANCELLED: 'Cancelled',
  EXPIRED: 'Expired',
};
/** The least share of a bar that a state with positions has, in percent, so that it stays visible. */
const MIN_SHARE = 0.5;

const byId = (id) => document.getElementById(id);

/** Draws one bar per currency. A bar that is shown already moves to its new shares. */
export function showTotals(totals) {
  byId('empty').hidden = totals.length > 0;
  const list = byId('currencies');
  const rows = new Map([...list.children].map((row) => [row.dataset.currency, row]));
  for (const [index, total] of totals.entries()) {
    const row = rows.get(total.currencyCode) ?? newRow(total.currencyCode);
    rows.delete(total.currencyCode);
    // A row that is removed and inserted again would not move.
    if (list.children[index] !== row) list.insertBefore(row, list.children[index] ?? null);
    row.querySelector('.total').textContent =
      `${count(total.count)}, ${total.amount.formatted} agreed, ${total.held.formatted} in escrow${retainedOf(total)}`;
    moveBar(row.querySelector('.bar'), total);
    row.querySelector('.states').replaceChildren(...total.byState.map(newState));
  }
  for (const row of rows.values()) row.remove();
}

/** Returns the retained part of the amount in escrow, or nothing if none is retained. */
const retainedOf = ({ retained: { minorUnits, formatted } }) =>
  BigInt(minorUnits) === 0n ? '' : ` (${formatted} retained)`;

const count = (number) => `${number.toLocaleString()} ${number === 1 ? 'position' : 'positions'}`;

function newRow(currency) {
  const row = newElement('li', {}, [
    newElement('h3', {}, [currency]),
    newElement('p', { class: 'total' }),
    // The text below has the same figures.
    newSvg(
      'svg',
      { class: 'bar', viewBox: '0 0 100 10', preserveAspectRatio: 'none', 'aria-hidden': 'true' },
      Object.keys(STATES).map((state) => newSvg('rect', { class: state, x: 100, width: 0, height: 10 })),
    ),
    newElement('ul', { class: 'states' }),
  ]);
  row.dataset.currency = currency;
  return row;
}

const newState = ({ state, count: number, amount }) =>
  newElement('li', {}, [
    newSvg('svg', { class: state, viewBox: '0 0 10 10', 'aria-hidden': 'true' }, [
      newSvg('rect', { width: 10, height: 10 }),
    ]),
    `${STATES[state] ?? state}: ${number.toLocaleString()}, ${amount.formatted}`,
  ]);

/** Sets the share of each state in the agreed amount of the currency. */
function moveBar(bar, { amount, byState }) {
  const whole = BigInt(amount.minorUnits);
  const shares = new Map(
    byState.map(({ state, amount: { minorUnits } }) => [
      state,
      Math.max(MIN_SHARE, Number((BigInt(minorUnits) * 100_000n) / whole) / 1_000),
    ]),
  );
  const sum = [...shares.values()].reduce((before, share) => before + share, 0) || 1;
  let x = 0;
  for (const rect of bar.children) {
    const width = ((shares.get(rect.getAttribute('class')) ?? 0) * 100) / sum;
    rect.setAttribute('x', x.toFixed(3));
    rect.setAttribute('width', width.toFixed(3));
    x += width;
  }
}

/** Describes the last change in a sentence. */
export function showChange({ event, position }) {
  if (!position) return;
  const state = STATES[event?.toState]?.toLowerCase() ?? 'updated';
  const amount = event?.moved ? `, ${event.moved.formatted} moved` : '';
  const subject = `${position.asset?.label ?? 'A position'} for ${position.holderReference}`;
  byId('change').textContent = `Last change at ${new Date().toLocaleTimeString()}: ${subject} is ${state}${amount}.`;
}

const newElement = (name, attributes, children = []) => fill(document.createElement(name), attributes, children);
const newSvg = (name, attributes, children = []) =>
  fill(document.createElementNS('http://www.w3.org/2000/svg', name), attributes, children);

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}
