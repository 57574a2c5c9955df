import type { Tables } from '../store.ts';
import { type DeclaredLayout, fixed } from './layout.ts';

type LedgerTable = 'lifecycleEvents' | 'ledgerEvents' | 'postings';

export const LEDGER_LAYOUTS: { readonly [T in LedgerTable]: DeclaredLayout<Tables[T]> } = {
  lifecycleEvents: {
    table: 'lifecycle_events',
    columns: {
      id: fixed('text'),
      institutionId: fixed('text'),
      positionId: fixed('text'),
      sequence: fixed('int'),
      fromState: fixed('text'),
      toState: fixed('text'),
      moved: fixed('numeric'),
      currency: fixed('text'),
      reason: fixed('text'),
      metadata: fixed('json'),
      actorKind: fixed('text'),
      apiKeyId: fixed('text'),
      createdAt: fixed('timestamptz'),
    },
    sort: {},
    leads: {},
    parents: { positionId: 'positions' },
    numbered: 'sequence',
    owned: [],
  },
  ledgerEvents: {
    table: 'ledger_events',
    columns: {
      id: fixed('text'),
      institutionId: fixed('text'),
      kind: fixed('text'),
      positionId: fixed('text'),
      lifecycleEventId: fixed('text'),
      sequence: fixed('int'),
      fromState: fixed('text'),
      toState: fixed('text'),
      createdAt: fixed('timestamptz'),
    },
    sort: {},
    leads: { createdAt: ['institutionId'] },
    parents: { positionId: 'positions', lifecycleEventId: 'lifecycle_events' },
    numbered: 'sequence',
    owned: [],
  },
  postings: {
    table: 'postings',
    columns: {
      id: fixed('text'),
      institutionId: fixed('text'),
      ledgerEventId: fixed('text'),
      ordinal: fixed('int'),
      accountKind: fixed('text'),
      amount: fixed('numeric'),
      currency: fixed('text'),
    },
    sort: {},
    leads: {},
    parents: { ledgerEventId: 'ledger_events' },
    numbered: 'ordinal',
    owned: [],
  },
};
