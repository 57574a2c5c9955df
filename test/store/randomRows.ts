import { type TemplateConfig, templateConfigOf } from '../../src/domain/assetTemplate.ts';
import { CHAT_PRIORITIES } from '../../src/domain/chatSession.ts';
import { REGIONS, VERTICALS } from '../../src/domain/institution.ts';
import { metadataTerm } from '../../src/domain/metadataTerms.ts';
import type { Position } from '../../src/domain/position.ts';
import { type CurrentTerms, PARTY_ROLES } from '../../src/domain/terms.ts';
import type { WebhookDelivery } from '../../src/domain/webhookDelivery.ts';
import type { Tables } from '../../src/store/store.ts';
import { SEED } from '../counts.ts';
import { aMessage, aSession, aTombstone } from './chatRows.ts';
import { anAsset, anEvent, anInstitution, aPosition, aTemplate, currency, START } from './rows.ts';
import { aMilestone, aParty, rowsOfTerms, someTerms } from './termsRows.ts';
import { aDelivery, anEndpoint } from './webhookRows.ts';

// Few distinct values per field, so that ties, nulls and matching filters are common.
export const INSTANTS = [0, 1, 2, 3].map((step) => START + step);
export const EXPIRIES = [null, START + 1, START + 50, START + 100];
export const AMOUNTS = [1n, 2n, 100n, 10n ** 20n];
export const CURRENCIES = ['USD', 'JPY', 'KWD'].map(currency);
export const TEXTS = ['a', 'A', 'é', '\u{1f600}', '\uffff'];
export const TITLES = ['a', 'A b', 'b-a', '\u{1f600} c', '\uffff', 'C B'];
export const PRIORITIES = Object.values(CHAT_PRIORITIES);
export const METADATA = [
  {},
  {},
  { a: 'x' },
  { a: { b: 'x' }, n: 5 },
  { 'a.b': ['x', 'y'], a: 'x' },
  { n: '5', yes: true },
];
/** Terms that all rows of a table have, some, or none. */
export const TERMS = [
  metadataTerm('a', 'x'),
  metadataTerm('a.b', 'x'),
  metadataTerm('n', '5'),
  metadataTerm('yes', 'true'),
  metadataTerm('a', 'unknown'),
];
export const KINDS = ['CONSTR_ESCROW', 'CONSTR_RETAINAGE', 'TF_LC'];
const CONFIGS = [{}, { country: 'SG' }, { country: 'DE' }, { issuingBankCountry: 'SG' }];
/** Countries of many configs, of some, and of none. */
export const COUNTRIES = ['SG', 'DE', 'FR'];
/** References of parties that many positions have, some, or none. */
export const SEQUENCES = [1, 2, 3, 2 ** 31, 2 ** 40];
export const PARTIES = ['a', 'A', 'é', '\u{1f600}', 'nobody'];

/** The tables whose lists have enough filters and orders for random queries. */
export type ListedTable =
  | 'institutions'
  | 'assetTemplates'
  | 'assets'
  | 'positions'
  | 'positionTerms'
  | 'parties'
  | 'milestones'
  | 'lifecycleEvents'
  | 'chatSessions'
  | 'chatMessages'
  | 'webhookEndpoints'
  | 'webhookDeliveries';
export type Rows = { readonly [T in ListedTable]: readonly Tables[T][] } & {
  /** The configs of the second version of each template. The first is that of the template. */
  readonly templateConfigs: readonly TemplateConfig[];
};

type Pick = <V>(values: readonly V[]) => V;
/** Random choices that depend only on the seed. */
export function picker(): Pick {
  let state = SEED >>> 0;
  return (values) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return values[Math.floor((state / 2 ** 32) * values.length)] as (typeof values)[number];
  };
}

const times = <V>(count: number, make: (index: number) => V): V[] =>
  Array.from({ length: count }, (_one, index) => make(index));

export function randomRows(pick: Pick): Rows {
  const stamps = () => ({ createdAt: pick(INSTANTS), updatedAt: pick(INSTANTS) });
  const some = <V>(values: readonly V[]) => values.filter((_value, index) => index === 0 || pick([true, false]));
  const institutions = times(8, () =>
    anInstitution({ ...stamps(), name: pick(TEXTS), regions: some(REGIONS), verticals: some(VERTICALS) }),
  );
  const assetTemplates = times(16, () =>
    aTemplate(pick(institutions.slice(0, 4)), {
      ...stamps(),
      code: pick(KINDS),
      region: pick(REGIONS),
      vertical: pick(VERTICALS),
      name: pick(TEXTS),
      config: { currency: 'USD', region: 'US', ...pick(CONFIGS) },
    }),
  );
  const templateConfigs = assetTemplates.map((row) =>
    templateConfigOf({ ...row, version: 2, config: { currency: 'USD', ...pick(CONFIGS) } }),
  );
  const assets = times(24, () =>
    anAsset(pick(assetTemplates), { ...stamps(), label: pick(TEXTS), metadata: pick(METADATA) }),
  );
  const positions = times(240, () => {
    const amount = pick(AMOUNTS);
    const termsVersion = pick([null, null, 1, 2]);
    return aPosition(pick(assets), {
      termsVersion,
      templateVersion: pick([1, 2]),
      ...stamps(),
      amount,
      currency: pick(CURRENCIES),
      expiresAt: pick(EXPIRIES),
      holderReference: pick(TEXTS),
      externalReference: pick([null, ...TEXTS]),
      metadata: pick(METADATA),
      ...partsOf(pick, amount, termsVersion !== null),
    });
  });
  const terms = positions.flatMap((row) => termsRowsOf(pick, row));
  const lifecycleEvents = positions
    .slice(0, 60)
    .flatMap((row) => times(pick([1, 2, 3, 4]), (index) => anEvent({ ...row, sequence: index + 1 })));
  const chatSessions = times(90, () => {
    const { id, institutionId } = pick(positions.slice(0, 9));
    const isDeleted = pick([true, false, false]);
    return aSession(institutionId, {
      ...stamps(),
      lastActivityAt: pick(INSTANTS),
      positionId: pick([null, id]),
      title: pick(TITLES),
      description: pick([null, ...TITLES]),
      ownerReference: pick(TEXTS),
      priority: pick(PRIORITIES),
      active: pick([true, false]),
      deleted: isDeleted,
      deletedAt: isDeleted ? pick(INSTANTS) : null,
    });
  });
  const chatMessages = chatSessions
    .slice(0, 40)
    .flatMap((row) =>
      times(pick([1, 2, 5]), (index) =>
        aMessage(row, index + 1, { authorReference: pick(TEXTS), ...pick([{ body: pick(TITLES) }, aTombstone]) }),
      ),
    );
  const webhookEndpoints = times(12, () =>
    anEndpoint(pick(institutions.slice(0, 4)).id, { ...stamps(), state: pick(['ENABLED', 'ENABLED', 'DISABLED']) }),
  );
  const webhookDeliveries = times(120, () => {
    const endpoint = pick(webhookEndpoints);
    const ofInstitution = positions.filter(({ institutionId }) => institutionId === endpoint.institutionId);
    return aDelivery(endpoint, pick(SEQUENCES), {
      objectId: pick(ofInstitution.slice(0, 4))?.id ?? endpoint.id,
      createdAt: pick(INSTANTS),
      ...pick<Partial<WebhookDelivery>>([
        { nextAttemptAt: pick(INSTANTS) },
        { nextAttemptAt: null },
        { state: 'DELIVERED' },
        { state: 'FAILED' },
      ]),
    });
  });
  return {
    institutions,
    assetTemplates,
    templateConfigs,
    assets,
    positions,
    ...rowsOfTerms(...terms),
    lifecycleEvents,
    chatSessions,
    chatMessages,
    webhookEndpoints,
    webhookDeliveries,
  };
}

/** Returns the amounts of a position in a random state. */
function partsOf(pick: Pick, amount: bigint, hasTerms: boolean): Partial<Position> {
  const nothing = { principal: 0n, held: 0n, retained: 0n, released: 0n, refunded: 0n, fees: 0n } as const;
  const some = amount / 2n;
  const parts = pick<Partial<Position>>([
    { state: 'CREATED' },
    { state: 'CREATED' },
    { state: 'FUNDED', held: amount },
    { state: 'RELEASED', released: amount },
    { state: 'EXPIRED' },
    ...(some > 0n ? [{ state: 'PARTIALLY_FUNDED', held: some } as const] : []),
    ...(some > 0n ? [{ state: 'PARTIALLY_RELEASED', held: amount - some, released: some } as const] : []),
  ]);
  const { held = 0n, released = 0n } = parts;
  const charged = held > 0n ? 3n : 0n;
  const ofTerms = { principal: held + released, fees: charged, retained: released > 0n && held > 0n ? 1n : 0n };
  return { ...nothing, ...parts, ...(hasTerms && ofTerms) };
}

/** Returns the terms of a position, of its current version and of all before. */
const termsRowsOf = (pick: Pick, position: Position): readonly CurrentTerms[] =>
  times(position.termsVersion ?? 0, (index) => {
    const terms = someTerms(position, { version: index + 1, createdAt: pick(INSTANTS) });
    return {
      terms,
      parties: times(pick([1, 2, 3]), (at) =>
        aParty(terms, at + 1, { reference: pick(PARTIES.slice(0, 4)), role: pick(PARTY_ROLES) }),
      ),
      milestones: times(pick([0, 0, 2, 3]), (at) =>
        aMilestone(terms, { ...position, amount: 1n }, at + 1, {
          createdAt: pick(INSTANTS),
          dueAt: pick(EXPIRIES),
          ...pick([{}, { state: 'CLOSED', earned: 1n }, { state: 'REPLACED' }] as const),
        }),
      ),
    };
  });

/** Random changes of positions, which change their order and their states. */
export function randomChanges(pick: Pick, positions: readonly Position[]): readonly (readonly Position[])[] {
  const now = new Map(positions.map((row) => [row.id, row]));
  return times(4, () =>
    [...new Set(times(30, () => pick(positions).id))].map((id) => {
      const before = now.get(id) as Position;
      // A position with two versions of its terms has either as the current one.
      const termsVersion = before.termsVersion === null ? null : pick([1, before.termsVersion]);
      const parts = partsOf(pick, before.amount, termsVersion !== null);
      const metadata = pick([before.metadata, before.metadata, ...METADATA]);
      const after = {
        ...before,
        ...parts,
        termsVersion,
        metadata,
        version: before.version + 1,
        updatedAt: pick(INSTANTS),
      };
      now.set(id, after);
      return after;
    }),
  );
}
