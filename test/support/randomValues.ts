/** Returns values for the variables of a random document. Equal choices give equal values. */
export function valuesOf(choices: readonly number[], ids: readonly string[]): object {
  let index = 0;
  const one = <V>(values: readonly V[]): V => values[(choices[index++] ?? 0) % values.length] as V;
  const id = () => one([...ids, 'a', '', 'pos_00000000000000000000000000']);
  const money = () => ({
    amount: one(['1.00', '0', '-1', '1e9', '99999999999999999999999', '0.001']),
    currencyCode: one(['USD', 'JPY', 'XXX']),
  });
  const create = () => ({
    assetId: id(),
    holderReference: one(['holder', '', '\u0000', 'é'.repeat(500)]),
    amount: money(),
  });
  const transition = () => ({ positionId: id(), toState: one(['FUNDED', 'RELEASED', 'CREATED', 'EXPIRED']) });
  return {
    rows: one([0, 1, 50, 100, 101, -1, null, 2 ** 31, 1.5]),
    usual: one([undefined, 3, null]),
    yes: one([true, false, true, false, null]),
    ids: one([[id()], [id(), id()], [], ids, id(), null]),
    words: one(['pier', '', 'a & ! b:*', '%_\\', null, '\ud800']),
    sessions: one([
      null,
      {},
      { search: 'pier' },
      { positionIds: [id()] },
      { institutionId: id() },
      { includeDeleted: true },
    ]),
    batch: {
      operations: one([
        [{ create: create() }],
        [{ transition: transition() }],
        [{ create: create(), transition: transition() }],
        [],
      ]),
      atomic: one([true, false]),
      dryRun: one([true, false]),
      idempotencyKey: one([null, 'k', '', 'x'.repeat(300)]),
    },
  };
}
