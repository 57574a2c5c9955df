import type { Tab } from '../server/graphiql.ts';
import { DEMO } from './data.ts';

const json = (value: unknown): string => JSON.stringify(value, null, 2);

/**
 * The tabs that GraphiQL opens with. They succeed on the demo data any number of times, with the root key and with the
 * admin key. GraphiQL names each tab after its operation.
 */
export const DEMO_TABS: readonly Tab[] = [
  {
    query: `# Press the play button. This is who you are,
# and the money that you may see.
query StartHere($first: Int!) {
  viewer { role institution { name } }
  institutions(first: $first) {
    nodes {
      name
      positionTotals {
        currencyCode
        count
        held { formatted }
        byState { state count held { formatted } }
      }
    }
  }
}`,
    variables: json({ first: 5 }),
  },
  {
    query: `# The states of a position, and the history
# of one that is paid in parts.
query Lifecycle($id: ID!) {
  lifecycle { state allowedTransitions terminal }
  position(id: $id) {
    externalReference
    state
    viewerAllowedTransitions
    events(first: 20) {
      nodes {
        sequence
        fromState
        toState
        moved { formatted }
        reason
        createdAt
      }
    }
  }
}`,
    variables: json({ id: DEMO.deckPartlyReleased }),
  },
  {
    query: `# For the next page, copy endCursor
# into the variable "after".
query FilterAndPage(
  $filter: PositionFilter
  $orderBy: PositionOrder!
  $first: Int!
  $after: String
) {
  positions(
    filter: $filter
    orderBy: $orderBy
    first: $first
    after: $after
  ) {
    totalCount
    nodes {
      externalReference
      state
      held { formatted }
      asset { label template { code } }
      institution { name }
    }
    pageInfo { hasNextPage endCursor }
  }
}`,
    variables: json({
      filter: {
        states: ['FUNDED', 'PARTIALLY_RELEASED'],
        currencyCode: 'USD',
        amount: { gte: '250000' },
      },
      orderBy: { field: 'AMOUNT', direction: 'DESC' },
      first: 5,
      after: null,
    }),
  },
  {
    query: `# Opens a position, and funds and releases another.
# Press play again: with the same idempotency keys
# nothing happens twice.
mutation OpenFundRelease(
  $open: CreatePositionInput!
  $fund: FundPositionInput!
  $release: ReleasePositionInput!
) {
  open: createPosition(input: $open) {
    ... on CreatePositionPayload {
      replayed
      position { id state amount { formatted } }
    }
    ... on UserError { code message path }
  }
  fund: fundPosition(input: $fund) {
    ... on FundPositionPayload {
      replayed
      event { toState moved { formatted } }
    }
    ... on UserError { code message path }
  }
  release: releasePosition(input: $release) {
    ... on ReleasePositionPayload {
      replayed
      position { state released { formatted } }
    }
    ... on UserError { code message path }
  }
}`,
    variables: json({
      open: {
        assetId: DEMO.deck,
        holderReference: 'welder-fontaine',
        amount: { amount: '5000.00', currencyCode: 'USD' },
        externalReference: 'DECK-EXTRA',
        idempotencyKey: 'graphiql: open',
      },
      fund: {
        positionId: DEMO.deckCreated,
        reason: 'Wire received from the county',
        idempotencyKey: 'graphiql: fund',
      },
      release: {
        positionId: DEMO.deckCreated,
        all: true,
        reason: 'Work accepted by the engineer',
        idempotencyKey: 'graphiql: release',
      },
    }),
  },
  {
    query: `# Releases one cent. The postings of its ledger
# event add up to zero.
mutation PartialRelease($input: ReleasePositionInput!) {
  releasePosition(input: $input) {
    ... on ReleasePositionPayload {
      position {
        state
        funded { formatted }
        held { formatted }
        released { formatted }
      }
      ledgerEvent {
        kind
        sequence
        postings {
          accountKind
          amount { formatted }
        }
      }
    }
    ... on UserError { code message path }
  }
}`,
    variables: json({
      input: { positionId: DEMO.deckFunded, amount: '0.01', reason: 'A first payment' },
    }),
  },
  {
    query: `# Expected errors are data. Decide by "code";
# "path" names the field of the input.
mutation ReadAnError(
  $tooMuch: ReleasePositionInput!
  $closed: FundPositionInput!
  $invalid: CreatePositionInput!
) {
  tooMuch: releasePosition(input: $tooMuch) {
    __typename
    ... on UserError { code message path }
    ... on InsufficientFundsError {
      held { formatted }
      requested { formatted }
    }
  }
  closed: fundPosition(input: $closed) {
    __typename
    ... on UserError { code message path }
    ... on IllegalTransitionError {
      from
      to
      allowedTransitions
    }
  }
  invalid: createPosition(input: $invalid) {
    __typename
    ... on UserError { code message path }
    ... on ValidationError { issues { path message } }
  }
}`,
    variables: json({
      tooMuch: { positionId: DEMO.deckPartlyReleased, amount: '999999999.00' },
      closed: { positionId: DEMO.deckReleased },
      invalid: {
        assetId: DEMO.deck,
        holderReference: '',
        amount: { amount: '12.345', currencyCode: 'USD' },
      },
    }),
  },
  {
    query: `# What would this batch do? A dry run stores
# nothing. The last operation is refused.
mutation DryRun($input: ApplyPositionsInput!) {
  applyPositions(input: $input) {
    ... on ApplyPositionsPayload {
      committed
      results {
        status
        position {
          externalReference
          state
          held { formatted }
        }
        error { code message path }
      }
    }
    ... on UserError { code message path }
  }
}`,
    variables: json({
      input: {
        dryRun: true,
        atomic: false,
        operations: [
          {
            create: {
              assetId: DEMO.deck,
              holderReference: 'paving-kowalski',
              amount: { amount: '48000.00', currencyCode: 'USD' },
              externalReference: 'DECK-PAVING',
            },
          },
          {
            transition: {
              positionId: DEMO.deckPartlyReleased,
              toState: 'RELEASED',
              reason: 'Weld inspection passed',
            },
          },
          { transition: { positionId: DEMO.deckReleased, toState: 'CANCELLED' } },
        ],
      },
    }),
  },
  {
    query: `# Finds conversations by words in the title
# or in one message.
query ChatSearch($search: String!) {
  chatSessions(
    filter: { search: $search }
    first: 5
  ) {
    totalCount
    nodes {
      title
      priority
      position { externalReference state }
      messages(last: 3) {
        nodes { sequence authorReference body }
      }
    }
  }
}`,
    variables: json({ search: 'weld inspection' }),
  },
  {
    query: `# Press play, open "Second window" at the top,
# and run PartialRelease there.
subscription LiveChanges($institutionId: ID!) {
  positionChanged(institutionId: $institutionId) {
    kind
    position {
      externalReference
      state
      held { formatted }
      released { formatted }
    }
    event { toState moved { formatted } reason }
    cursor
  }
}`,
    variables: json({ institutionId: DEMO.bank }),
  },
  {
    query: `# Select another API key at the top and compare.
# The end shows who did what.
query KeysAndAudit($institutionId: ID!) {
  viewer { role apiKey { label prefix } }
  institution(id: $institutionId) {
    name
    apiKeys(first: 5) {
      nodes { label role prefix lastUsedAt }
    }
  }
  auditEvents(
    first: 10
    filter: { institutionId: $institutionId }
  ) {
    nodes {
      createdAt
      action
      outcome
      errorCode
      actor { kind apiKey { label } }
      resourceId
    }
  }
}`,
    variables: json({ institutionId: DEMO.bank }),
  },
];
