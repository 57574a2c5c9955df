import type { Tables } from '../store.ts';
import { changing, type DeclaredLayout, fixed, timeOrNever } from './layout.ts';

type TermsTable = 'positionTerms' | 'parties' | 'milestones';

export const TERMS_LAYOUTS: { readonly [T in TermsTable]: DeclaredLayout<Tables[T]> } = {
  positionTerms: {
    // The table position_terms has the terms by which the metadata of positions is searched.
    table: 'terms',
    columns: {
      id: fixed('text'),
      institutionId: fixed('text'),
      positionId: fixed('text'),
      version: fixed('int'),
      fees: fixed('json'),
      retainagePercentage: fixed('text'),
      agreementRequired: fixed('boolean'),
      createdAt: fixed('timestamptz'),
    },
    sort: {},
    leads: {},
    parents: { positionId: 'positions' },
    numbered: 'version',
    owned: [],
  },
  parties: {
    table: 'parties',
    columns: {
      id: fixed('text'),
      institutionId: fixed('text'),
      positionId: fixed('text'),
      termsId: fixed('text'),
      ordinal: fixed('int'),
      role: fixed('text'),
      reference: fixed('text'),
      agreedAt: changing('timestamptz'),
      version: changing('int'),
      createdAt: fixed('timestamptz'),
    },
    sort: {},
    leads: {},
    parents: { termsId: 'terms' },
    numbered: 'ordinal',
    owned: [],
  },
  milestones: {
    table: 'milestones',
    columns: {
      id: fixed('text'),
      institutionId: fixed('text'),
      positionId: fixed('text'),
      termsId: fixed('text'),
      sequence: fixed('int'),
      title: fixed('text'),
      currency: fixed('text'),
      amount: fixed('numeric'),
      earned: changing('numeric'),
      refunded: changing('numeric'),
      payeeReference: fixed('text'),
      dueAt: fixed('timestamptz'),
      state: changing('text'),
      version: changing('int'),
      createdAt: fixed('timestamptz'),
    },
    sort: { dueAt: timeOrNever('due_at') },
    leads: { createdAt: ['positionId', 'state', 'institutionId'], dueAt: ['institutionId'] },
    byInstitution: ['createdAt', 'dueAt'],
    parents: { termsId: 'terms' },
    numbered: 'sequence',
    owned: ['positionId'],
  },
};
