import type { Tab } from '../server/graphiql.ts';
import { DEMO } from './data.ts';

const json = (value: unknown): string => JSON.stringify(value, null, 2);

/** The tabs that GraphiQL opens with: operations that succeed on the demo data any number of times. */
export const DEMO_TABS: readonly Tab[] = [
  {
    query: `# The positions that hold money, newest first. Press the play button to run it.
query Positions($first: Int, $filter: PositionFilter) {
  positions(first: $first, filter: $filter) {
    totalCount
    nodes {
      id
      state
      viewerAllowedTransitions
      holderReference
      amount { formatted }
      held { formatted }
      asset { label template { code } }
      institution { name }
    }
    pageInfo { hasNextPage endCursor }
  }
}`,
    variables: json({ first: 10, filter: { states: ['FUNDED', 'PARTIALLY_RELEASED'] } }),
  },
  {
    query: `# A position and its lifecycle events.
query PositionHistory($id: ID!) {
  position(id: $id) {
    state
    amount { amount currencyCode }
    funded { amount }
    held { amount }
    released { amount }
    refunded { amount }
    events(first: 20) {
      nodes {
        sequence
        fromState
        toState
        moved { amount currencyCode }
        reason
        actor { kind }
        createdAt
      }
    }
  }
}`,
    variables: json({ id: DEMO.deckPartlyReleased }),
  },
  {
    query: `# The lifecycle of positions, and the kinds of asset templates.
query Rules {
  lifecycle { state allowedTransitions terminal }
  templateKinds { code name vertical configSchema }
}`,
  },
  {
    query: `# The money that each institution holds, by currency and state.
query Totals {
  institutions {
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
  },
  {
    query: `# Creates a position. It holds no money until it is funded.
mutation OpenPosition($input: CreatePositionInput!) {
  createPosition(input: $input) {
    ... on CreatePositionPayload {
      position { id state amount { formatted } }
    }
    ... on UserError { code message path }
  }
}`,
    variables: json({
      input: {
        assetId: DEMO.deck,
        holderReference: 'contractor-001',
        amount: { amount: '5000.00', currencyCode: 'USD' },
      },
    }),
  },
  {
    query: `# Releases one cent. Send "all": true instead of "amount" to release everything that is held.
mutation Release($input: ReleasePositionInput!) {
  releasePosition(input: $input) {
    ... on ReleasePositionPayload {
      position {
        state
        held { formatted }
        released { formatted }
      }
      event { sequence moved { formatted } }
    }
    ... on UserError { code message path }
  }
}`,
    variables: json({ input: { positionId: DEMO.deckFunded, amount: '0.01', reason: 'A first payment' } }),
  },
];
