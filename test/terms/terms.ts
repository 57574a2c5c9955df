import type { Deal } from '../support/deal.ts';
import type { TestServer } from '../support/server.ts';

export const PAYER = { role: 'PAYER', reference: 'city-works' } as const;
export const PAYEE = { role: 'PAYEE', reference: 'span-builders' } as const;
/** The parties of the simplest terms. */
export const PARTIES = [PAYER, PAYEE];
/** Returns milestones with the amounts. */
export const milestonesOf = (...amounts: readonly string[]): readonly object[] =>
  amounts.map((amount, index) => ({ title: `Part ${index + 1}`, amount }));

const POSITION = `fragment P on Position {
  id state version amount { amount } funded { amount } held { amount } available { amount } retained { amount }
  released { amount } refunded { amount } fees { amount } fundedAt closedAt expiresAt allowedTransitions
  terms { version agreed agreementRequired retainagePercentage
    parties { role reference agreedAt } fees { name bearer percentage fixed { amount } }
    milestones(first: 100) { totalCount nodes { id sequence title amount { amount } earned { amount } refunded { amount } payeeReference state dueAt } } }
}
fragment E on LifecycleEvent {
  sequence move fromState toState moved { amount } fee { amount } retained { amount } milestone { sequence }
  paymentReference partyReference
  ledgerEvent { kind postings { accountKind amount { amount } } }
}
fragment X on UserError {
  __typename code message path
  ... on ValidationError { issues { path message } }
  ... on InsufficientFundsError { held { amount } available { amount } requested { amount } }
  ... on PolicyViolationError { rule }
  ... on StaleVersionError { expectedVersion currentVersion }
  ... on IllegalTransitionError { from to allowedTransitions }
}`;

const EVENTS = 'position { ...P } event { ...E } ledgerEvent { id } replayed';
const documentOf = (name: string): string => {
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  return `mutation ($input: ${type}Input!) { result: ${name}(input: $input) { __typename ... on ${type}Payload { ${EVENTS} } ...X } } ${POSITION}`;
};

/** A result of a mutation of a position: its payload or its user error. */
export interface Result {
  readonly __typename: string;
  readonly position: PositionView;
  readonly event: EventView | null;
  readonly replayed: boolean;
  readonly code?: string;
  readonly message?: string;
  readonly path?: readonly string[] | null;
  readonly issues?: readonly { readonly path: readonly string[]; readonly message: string }[];
  readonly [field: string]: unknown;
}
interface Amount {
  readonly amount: string;
}
type AmountName = 'amount' | 'funded' | 'held' | 'available' | 'retained' | 'released' | 'refunded' | 'fees';
export interface MilestoneView {
  readonly id: string;
  readonly sequence: number;
  readonly title: string;
  readonly amount: Amount;
  readonly earned: Amount;
  readonly refunded: Amount;
  readonly payeeReference: string | null;
  readonly state: string;
  readonly dueAt: string | null;
}
export type PositionView = { readonly [A in AmountName]: Amount } & {
  readonly id: string;
  readonly state: string;
  readonly version: number;
  readonly expiresAt: string | null;
  readonly allowedTransitions: readonly string[];
  readonly terms: {
    readonly version: number;
    readonly agreed: boolean;
    readonly agreementRequired: boolean;
    readonly retainagePercentage: string | null;
    readonly parties: readonly {
      readonly role: string;
      readonly reference: string;
      readonly agreedAt: string | null;
    }[];
    readonly fees: readonly object[];
    readonly milestones: { readonly totalCount: number; readonly nodes: readonly MilestoneView[] };
  } | null;
};
export interface EventView {
  readonly sequence: number;
  readonly move: string;
  readonly fromState: string | null;
  readonly toState: string;
  readonly moved: Amount | null;
  readonly fee: Amount | null;
  readonly retained: Amount | null;
  readonly milestone: { readonly sequence: number } | null;
  readonly paymentReference: string | null;
  readonly partyReference: string | null;
  readonly ledgerEvent: {
    readonly kind: string;
    readonly postings: readonly { readonly accountKind: string; readonly amount: Amount }[];
  };
}

/** Sends a mutation of a position and returns its result. */
export async function send(server: TestServer, name: string, input: object): Promise<Result> {
  const { data, errors } = await server.ask<{ result: Result }>(documentOf(name), { input });
  if (errors || !data) throw new Error(`${name} failed: ${JSON.stringify(errors)}`, { cause: server.faults.at(-1) });
  return data.result;
}

/** Sends a mutation that must succeed. */
export async function sent(server: TestServer, name: string, input: object): Promise<Result> {
  const result = await send(server, name, input);
  if (result.code !== undefined) throw new Error(`${name} was refused: ${JSON.stringify(result)}`);
  return result;
}

/** Returns the postings of an event as "ACCOUNT amount". */
export const postingsOf = (event: EventView | null): readonly string[] =>
  event?.ledgerEvent.postings.map(({ accountKind, amount }) => `${accountKind} ${amount.amount}`) ?? [];

/** Returns the amounts of a position as text. */
export const amountsOf = (position: PositionView): Readonly<Record<string, string>> =>
  Object.fromEntries(
    (['funded', 'held', 'available', 'retained', 'released', 'refunded', 'fees'] as const).map((name) => [
      name,
      position[name].amount,
    ]),
  );

/** Returns the input of createPosition for a contract. */
export const contractInput = (
  { assetId }: Pick<Deal, 'assetId'>,
  terms: object | undefined,
  amount = '1000.00',
  currencyCode = 'USD',
): object => ({ assetId, holderReference: 'bridge', amount: { amount, currencyCode }, terms });

/** Opens a position with terms, and returns it with the ids of its milestones. */
export async function openContract(
  server: TestServer,
  deal: Pick<Deal, 'assetId'>,
  terms: object | undefined,
  amount?: string,
  currencyCode?: string,
): Promise<{ readonly positionId: string; readonly milestoneIds: readonly string[]; readonly position: PositionView }> {
  const { position } = await sent(server, 'createPosition', contractInput(deal, terms, amount, currencyCode));
  return {
    positionId: position.id,
    milestoneIds: position.terms?.milestones.nodes.map(({ id }) => id) ?? [],
    position,
  };
}

/** Opens and funds a position with terms. */
export async function fundContract(
  server: TestServer,
  ...contract: [deal: Pick<Deal, 'assetId'>, terms: object | undefined, amount?: string, currencyCode?: string]
): ReturnType<typeof openContract> {
  const opened = await openContract(server, ...contract);
  const { position } = await sent(server, 'fundPosition', { positionId: opened.positionId });
  return { ...opened, position };
}

/** Returns the paths of the validation issues of a result, or its code. */
export const pathsOf = ({ issues, code }: Result): readonly string[] | string | undefined =>
  issues?.map(({ path }) => path.join('.')) ?? code;
