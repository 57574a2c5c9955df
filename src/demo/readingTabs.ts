import type { Tab } from '../server/graphiql.ts';
import { DEMO } from './data.ts';

// The examples that change nothing.

export const startHere: Tab = {
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
  variables: { first: 5 },
};

export const lifecycle: Tab = {
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
  variables: { id: DEMO.deckPartlyReleased },
};

export const readContract: Tab = {
  query: `# The terms of a contract, what each milestone
# has earned, and the postings of each event.
query ReadContract($id: ID!) {
  position(id: $id) {
    externalReference
    state
    available { formatted }
    retained { formatted }
    fees { formatted }
    terms {
      version
      agreed
      retainagePercentage
      parties { role reference agreedAt }
      fees { name bearer percentage }
      milestones(first: 10) {
        nodes {
          sequence
          title
          state
          amount { formatted }
          earned { formatted }
        }
      }
    }
    events(first: 20) {
      nodes {
        sequence
        move
        reason
        milestone { title }
        ledgerEvent {
          postings {
            accountKind
            amount { formatted }
          }
        }
      }
    }
  }
}`,
  variables: { id: DEMO.contract },
};

export const filterAndPage: Tab = {
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
  variables: {
    filter: {
      states: ['FUNDED', 'PARTIALLY_RELEASED'],
      currencyCode: 'USD',
      amount: { gte: '250000' },
    },
    orderBy: { field: 'AMOUNT', direction: 'DESC' },
    first: 5,
    after: null,
  },
};

export const chatSearch: Tab = {
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
  variables: { search: 'weld inspection' },
};

export const liveChanges: Tab = {
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
  variables: { institutionId: DEMO.bank },
};

export const keysAndAudit: Tab = {
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
  variables: { institutionId: DEMO.bank },
};
