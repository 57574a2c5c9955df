import { LIMITS } from '../domain/limits.ts';
import type { PartyRole as Role } from '../domain/terms.ts';
import { isWithin } from '../domain/text.ts';
import type { PartyMatch } from '../store/store.ts';
import { builder } from './builder.ts';
import { badInput } from './errors.ts';
import type { FilterField } from './filter.ts';

export const PartyRole = builder.enumType('PartyRole', {
  description: 'The role of a party in a position. The enum is open: keep a default branch.',
  values: {
    PAYER: { description: 'Pays into escrow and receives refunds.' },
    PAYEE: { description: 'Receives releases.' },
    OBSERVER: { description: 'Is named in the terms without paying or being paid.' },
  },
});

const PartyFilter = builder.inputType('PartyFilter', {
  description: 'A party of the current terms of a position.',
  fields: (t) => ({
    reference: t.string({ required: true, description: 'Exactly this reference of the party.' }),
    role: t.field({ type: PartyRole, description: 'The role of the party. Defaults to any.' }),
  }),
});

/** The cost of the look-up of a party. */
const COST = 20;

/** Selects the positions with the party in their current terms. */
export const party: FilterField<never> = {
  input: (t) => t.field({ type: PartyFilter, description: 'Only positions with this party in their current terms.' }),
  cost: { given: { at: ['filter', 'party'], cost: COST } },
  select: ({ reference, role }: { readonly reference: string; readonly role?: Role | null }) => {
    if (!isWithin(reference, LIMITS.nameCharacters)) {
      throw badInput(`\`filter.party.reference\` must be at most ${LIMITS.nameCharacters} characters long.`);
    }
    const match: PartyMatch = { reference, role: role ?? null };
    return { party: match };
  },
};
