import { beforeAll, expect, it } from 'vitest';
import { type TemplateConfig, templateConfigOf } from '../../../src/domain/assetTemplate.ts';
import type { Policy } from '../../../src/domain/policy.ts';
import type { Writers } from '../../../src/store/store.ts';
import { aSession } from '../chatRows.ts';
import { aDeal, anAsset, aPosition, aTemplate, type Deal, type GetStore, insertAll, nextId, START } from '../rows.ts';

const policyOf = ({ institution }: Deal, region: 'US' | 'SG'): Policy => ({
  id: nextId('pol'),
  institutionId: institution.id,
  region,
  allowedCurrencies: null,
  allowedCountries: null,
  limits: [],
  version: 1,
  createdAt: START,
  updatedAt: START,
});

/** Earlier than the deletion of the sessions of the other parts. */
const EARLY = START - 1_000;

/** The calls that join tables: the rules of positions, and the sessions that may be purged. */
export function joinsTables(store: GetStore): void {
  const deals = [aDeal({ regions: ['US', 'SG'] }), aDeal({ regions: ['US', 'SG'] })] as const;
  const [mine, theirs] = deals;
  const elsewhere = aTemplate(mine.institution, { region: 'SG' });
  /** The config under which the open positions of each deal were opened. The template has a later one since. */
  const configs = [mine.template, theirs.template, elsewhere].map(templateConfigOf) as [
    TemplateConfig,
    TemplateConfig,
    TemplateConfig,
  ];
  const [mineConfig, theirConfig, elsewhereConfig] = configs;
  const later = templateConfigOf({ ...mine.template, version: 2, config: { currency: 'EUR', region: 'US' } });
  const secondConfig = templateConfigOf({ ...mine.template, version: 3 });
  const asset = anAsset(elsewhere);
  const open = aPosition(mine.asset);
  const second = aPosition(mine.asset, { templateVersion: 3 });
  const ended = aPosition(asset, { state: 'CANCELLED' });
  const foreign = aPosition(theirs.asset);
  const policies = deals.flatMap((deal) => [policyOf(deal, 'US'), policyOf(deal, 'SG')]);
  const scope = { institutionId: mine.institution.id };
  const within = <T>(work: (tx: Writers) => Promise<T>, reach: typeof scope | 'ALL' = 'ALL'): Promise<T> =>
    store().transact(reach, work);
  const deletedAt = (ms: number, institutionId: string, positionId: string | null) =>
    aSession(institutionId, { positionId, deleted: true, deletedAt: EARLY + ms });
  const sessions = [
    deletedAt(1, mine.institution.id, open.id),
    deletedAt(2, mine.institution.id, ended.id),
    deletedAt(3, mine.institution.id, open.id),
    deletedAt(4, theirs.institution.id, null),
    deletedAt(5, mine.institution.id, null),
    deletedAt(9, mine.institution.id, null),
    aSession(mine.institution.id),
  ] as const;

  beforeAll(async () => {
    await within(async (tx) => {
      insertAll(tx, {
        institutions: deals.map(({ institution }) => institution),
        assetTemplates: [...deals.map(({ template }) => template), elsewhere],
        templateConfigs: [later, secondConfig],
        assets: [...deals.map((deal) => deal.asset), asset],
        positions: [open, second, ended, foreign],
        chatSessions: sessions,
      });
      for (const policy of policies) tx.policies.insert(policy);
    });
  });

  const byId = <E extends { readonly id: string }>(rows: readonly E[]): readonly E[] =>
    rows.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const rulesOf = async (ids: readonly string[], reach?: typeof scope): Promise<readonly unknown[]> => {
    const { configs: opened, policies: found } = await within(async (tx) => tx.rulesOf(ids), reach);
    return [byId(opened), byId(found)];
  };

  it('rulesOf returns each config that a position was opened under and each policy of its region, once', async () => {
    expect(await rulesOf([open.id, open.id])).toEqual([[mineConfig], [policies[0]]]);
    expect(await rulesOf([open.id, second.id])).toEqual([byId([mineConfig, secondConfig]), [policies[0]]]);
    expect(await rulesOf([open.id, ended.id, open.id])).toEqual([
      byId([mineConfig, elsewhereConfig]),
      byId(policies.slice(0, 2)),
    ]);
    expect(await rulesOf([foreign.id])).toEqual([[theirConfig], [policies[2]]]);
  });

  it('rulesOf returns nothing for no ids, unknown and malformed ids, and positions outside of the scope', async () => {
    for (const ids of [[], ['pos_00000000000000000000000000'], ['pos_x', '', 'x\0', mine.asset.id]]) {
      expect(await rulesOf(ids)).toEqual([[], []]);
    }
    expect(await rulesOf([foreign.id, open.id], scope)).toEqual([[mineConfig], [policies[0]]]);
    expect(await rulesOf([foreign.id], scope)).toEqual([[], []]);
  });

  const purgeable = (before: number, limit: number, reach?: typeof scope): Promise<readonly unknown[]> =>
    within(async (tx) => {
      return tx.lockPurgeable(EARLY + before, limit);
    }, reach);

  it('lockPurgeable returns the deleted sessions of terminal positions and those without a position, earliest first', async () => {
    const [, first, , next, third, last] = sessions;
    expect(await purgeable(9, 10)).toEqual([first, next, third]);
    expect(await purgeable(10, 10)).toEqual([first, next, third, last]);
    expect(await purgeable(9, 1)).toEqual([first]);
    expect(await purgeable(9, 2)).toEqual([first, next]);
    expect(await purgeable(2, 10)).toEqual([]);
    expect(await purgeable(9, 10, scope)).toEqual([first, third]);
  });
}
