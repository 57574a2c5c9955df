import type { Tab } from '../server/graphiql.ts';
import { DEMO } from './data.ts';

// The examples that are mutations.

export const openFundRelease: Tab = {
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
  variables: {
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
  },
};

export const partialRelease: Tab = {
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
  variables: {
    input: { positionId: DEMO.deckFunded, amount: '0.01', reason: 'A first payment' },
  },
};

export const releaseMilestone: Tab = {
  query: `# Releases a part of a milestone. 10 % of it is
# retained, and the payee bears a fee.
mutation ReleaseMilestone($input: ReleasePositionInput!) {
  releasePosition(input: $input) {
    ... on ReleasePositionPayload {
      position {
        state
        available { formatted }
        retained { formatted }
      }
      event {
        moved { formatted }
        retained { formatted }
        fee { formatted }
        milestone {
          title
          amount { formatted }
          earned { formatted }
        }
      }
      ledgerEvent {
        postings {
          accountKind
          amount { formatted }
        }
      }
    }
    ... on UserError { code message path }
  }
}`,
  variables: {
    input: {
      positionId: DEMO.contract,
      milestoneId: DEMO.contractMilestone,
      amount: '1000.00',
      paymentReference: 'LEB-40120',
      reason: 'Main cables accepted in part',
    },
  },
};

export const readAnError: Tab = {
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
  variables: {
    tooMuch: { positionId: DEMO.deckPartlyReleased, amount: '999999999.00' },
    closed: { positionId: DEMO.deckReleased },
    invalid: {
      assetId: DEMO.deck,
      holderReference: '',
      amount: { amount: '12.345', currencyCode: 'USD' },
    },
  },
};

export const dryRun: Tab = {
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
  variables: {
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
  },
};
