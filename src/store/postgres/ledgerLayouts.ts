import type { Tables } from '../store.ts';
import type { Embedded } from './embedLedger.ts';
import { type Column, type DeclaredLayout, fixed } from './layout.ts';

type LedgerTable = 'lifecycleEvents' | 'ledgerEvents' | 'postings';

/** The columns of lifecycle events with their ledger events. */
export const EMBEDDED: { readonly [F in keyof Embedded]: Column } = {
  ledgerEventId: fixed('text'),
  legs: fixed('text'),
};

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
      move: fixed('text'),
      moved: fixed('numeric'),
      fee: fixed('numeric'),
      retained: fixed('numeric'),
      milestoneId: fixed('text'),
      paymentReference: fixed('text'),
      partyReference: fixed('text'),
      currency: fixed('text'),
      reason: fixed('text'),
      metadata: fixed('json'),
      actorKind: fixed('text'),
      apiKeyId: fixed('text'),
      createdAt: fixed('timestamptz'),
    },
    embeds: EMBEDDED,
    sort: {},
    leads: {},
    parents: { positionId: 'positions' },
    numbered: 'sequence',
    owned: [],
  },
  ledgerEvents: {
    table: 'ledger_events',
    view: 'ledger_entries',
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
    byInstitution: ['createdAt'],
    parents: { positionId: 'positions', lifecycleEventId: 'lifecycle_events' },
    numbered: 'sequence',
    owned: [],
  },
  postings: {
    table: 'postings',
    view: 'ledger_postings',
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
    parents: { ledgerEventId: 'ledger_entries' },
    numbered: 'ordinal',
    owned: [],
  },
};
