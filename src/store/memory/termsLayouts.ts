import type { Milestone } from '../../domain/milestone.ts';
import type { Tables } from '../store.ts';
import { BY_CREATION, type DeclaredLayout, each, type OrderField, type Orders, owned } from './layout.ts';

type TermsTable = 'positionTerms' | 'parties' | 'milestones';

const MILESTONE_ORDERS: Orders<OrderField<Milestone>> = [BY_CREATION, ['dueAt']];

export const TERMS_LAYOUTS: { readonly [T in TermsTable]: DeclaredLayout<Tables[T]> } = {
  positionTerms: {
    sized: { fees: true, retainagePercentage: false },
    orders: [],
    groups: [{ fields: ['positionId'], orders: [['version']] }],
    references: { institutionId: 'institutions', positionId: 'positions' },
    unique: ['positionId', 'version'],
  },
  parties: {
    sized: { reference: true },
    orders: [],
    groups: [{ fields: ['termsId'], orders: [['ordinal']] }, ...owned('reference')],
    references: { institutionId: 'institutions', positionId: 'positions', termsId: 'positionTerms' },
    unique: ['termsId', 'ordinal'],
  },
  milestones: {
    sized: { title: true, payeeReference: true },
    orders: MILESTONE_ORDERS,
    groups: [
      { fields: ['institutionId'], orders: MILESTONE_ORDERS },
      each('positionId'),
      { fields: ['termsId'], orders: [['sequence']] },
      ...owned('state'),
    ],
    references: { institutionId: 'institutions', positionId: 'positions', termsId: 'positionTerms' },
    unique: ['termsId', 'sequence'],
  },
};
