/** An operation as a client sends it: a document and its variables. */
export interface Operation {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

export const GET = `query Get($id: ID!) {
  position(id: $id) { id state holderReference amount { amount currencyCode } held { amount } }
}`;

export const NESTED = `query Nested($id: ID!) {
  position(id: $id) {
    id state held { amount }
    asset { id label template { id code institution { id name } } }
  }
}`;

export const PAGE = `query Page($first: Int!) {
  positions(first: $first) {
    nodes {
      id state amount { amount } held { amount }
      asset { id label template { id code } } institution { id name }
      events(first: 5) { nodes { sequence toState } }
    }
  }
}`;

export const CHAT_PAGE = `query ChatPage($first: Int!, $reader: String!) {
  chatSessions(first: $first) {
    nodes {
      id title priority lastActivityAt unreadCount(participantReference: $reader)
      messages(last: 1) { nodes { sequence authorReference body } }
    }
  }
}`;

export const CREATE = `mutation Create($input: CreatePositionInput!) {
  createPosition(input: $input) {
    ... on CreatePositionPayload { position { id state version } }
    ... on UserError { code message }
  }
}`;

export const FUND = `mutation Fund($input: FundPositionInput!) {
  fundPosition(input: $input) {
    ... on FundPositionPayload { position { id state version } }
    ... on UserError { code message }
  }
}`;

export const RELEASE = `mutation Release($input: ReleasePositionInput!) {
  releasePosition(input: $input) {
    ... on ReleasePositionPayload { position { id state version } }
    ... on UserError { code message }
  }
}`;

export const APPLY = `mutation Apply($input: ApplyPositionsInput!) {
  applyPositions(input: $input) {
    ... on ApplyPositionsPayload { committed results { status position { id } } }
    ... on UserError { code message }
  }
}`;

export const POST = `mutation Post($input: PostChatMessageInput!) {
  postChatMessage(input: $input) {
    ... on PostChatMessagePayload { chatMessage { id sequence } }
    ... on UserError { code message }
  }
}`;

export const CHANGED = `subscription Changed($positionId: ID) {
  positionChanged(positionId: $positionId) { cursor kind position { id state held { amount } } event { sequence } }
}`;
