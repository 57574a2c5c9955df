import { templateConfigId } from '../../domain/assetTemplate.ts';
import type { Id } from '../../domain/ids.ts';
import type { Position } from '../../domain/position.ts';
import { countryOf } from '../../domain/templateKinds.ts';
import { currentTermsId, type Party } from '../../domain/terms.ts';
import type { PartyMatch } from '../store.ts';
import type { Among } from './plan.ts';
import type { JoinedSets } from './queries.ts';
import type { MemoryTables } from './write.ts';

/** Returns the sets of positions by their parties and by the countries of their template configs. */
export const positionSets =
  (tables: MemoryTables): JoinedSets<Position> =>
  ({ party, country }, tenant) => [
    ...(party ? [withParty(tables, party, tenant)] : []),
    ...(country === undefined ? [] : [withCountry(tables, country, tenant)]),
  ];

/** The positions with the party in their current terms; `rows` may return others with it in earlier terms. */
function withParty({ positions, parties }: MemoryTables, match: PartyMatch, tenant: Id | null): Among<Position> {
  const { reference, role } = match;
  const isMatch = (party: Party): boolean => party.reference === reference && (role === null || party.role === role);
  const where = { reference: { in: [reference] } };
  return {
    size: parties.count({ where }, tenant),
    has: (position) => {
      const id = currentTermsId(position);
      return id !== null && [...parties.matches({ where: {}, parent: { field: 'termsId', id } }, null)].some(isMatch);
    },
    rows: () => {
      const ids = new Set([...parties.matches({ where }, tenant)].map(({ positionId }) => positionId));
      return positions.byIds([...ids], tenant).filter((position) => position !== undefined);
    },
  };
}

/** The positions whose template config has the country; `rows` may return others of the same templates. */
function withCountry(
  { positions, templateConfigs }: MemoryTables,
  country: string,
  tenant: Id | null,
): Among<Position> {
  const configs = templateConfigs.matches({ where: {}, terms: [country] }, tenant);
  const templateIds = [...new Set([...configs].map(({ templateId }) => templateId))];
  // All positions of a template belong to its institution, so its index serves a read of one institution, too.
  const selections = templateIds.map((id) => ({ where: { templateId: { in: [id] } } }));
  return {
    size: selections.reduce((sum, selection) => sum + positions.count(selection, null), 0),
    has: ({ templateId, templateVersion }) => {
      const [config] = templateConfigs.byIds([templateConfigId(templateId, templateVersion)], null);
      return config !== undefined && countryOf(config.config) === country;
    },
    rows: () => selections.flatMap((selection) => [...positions.matches(selection, null)]),
  };
}
