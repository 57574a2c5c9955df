import type { Asset } from '../domain/asset.ts';
import { type AssetTemplate, templateConfigId } from '../domain/assetTemplate.ts';
import type { Change } from '../domain/change.ts';
import type { Id } from '../domain/ids.ts';
import type { JsonObject } from '../domain/json.ts';
import type { LedgerEvent, Posting } from '../domain/ledgerEvent.ts';
import { type Effects, type LifecycleEvent, newLifecycleEvent } from '../domain/lifecycleEvent.ts';
import { EARNED_FIELDS, type Milestone } from '../domain/milestone.ts';
import type { EventNote } from '../domain/move.ts';
import { checkPolicyRules, type Policy } from '../domain/policy.ts';
import { checkTemplateRules, type Position, type PositionDraft } from '../domain/position.ts';
import { type TemplateRules, templateRulesOf } from '../domain/templateKinds.ts';
import type { CurrentTerms } from '../domain/terms.ts';
import type { Instant } from '../domain/time.ts';
import { PolicyViolationError } from '../domain/userErrors.ts';
import { type Actor, actorOf } from '../domain/viewer.ts';
import type { PositionRules, Window, Writers } from '../store/store.ts';
import { firstOf } from '../store/window.ts';
import type { CommandContext } from './context.ts';

/** The payload of a move: the position with the events of the move. */
export interface MovePayload {
  readonly position: Position;
  readonly event: LifecycleEvent;
  readonly ledgerEvent: LedgerEvent;
}

/** A change of a position with everything that it writes. `before` is null for the creation. */
export interface RecordedMove {
  readonly effects: Effects;
  readonly before: Position | null;
  readonly position: Position;
  readonly note?: EventNote | undefined;
  /** The actor that caused the change. Defaults to the viewer. */
  readonly actor?: Actor;
  /** The terms that the position gets with the change. */
  readonly newTerms?: CurrentTerms | undefined;
}

/** The rows that a change writes, in addition to the position, its milestones and its parties. */
export interface MoveRecords {
  readonly payload: MovePayload;
  readonly postings: readonly Posting[];
  readonly published: Change;
  readonly newTerms: CurrentTerms | undefined;
}

const NO_NOTE: EventNote = { reason: null, metadata: {} };

/** Returns the rows of a change. Writes nothing. */
export function recordsOf({ ledger, newId, viewer }: CommandContext, move: RecordedMove): MoveRecords {
  const { before, position, effects, note = NO_NOTE, actor = actorOf(viewer), newTerms } = move;
  const event = newLifecycleEvent(newId('evt'), before, position, effects, note, actor);
  const { ledgerEvent, postings } = ledger.entryOf(event);
  const published: Change = {
    topic: 'POSITION',
    kind: before === null ? 'CREATED' : 'UPDATED',
    institutionId: position.institutionId,
    objectId: position.id,
    detailId: event.id,
    createdAt: event.createdAt,
  };
  return { payload: { position, event, ledgerEvent }, postings, published, newTerms };
}

/** Writes the rows of a change and returns its payload. The caller writes the position, once for all of its changes. */
export function writeMove(tx: Writers, { payload, postings, published, newTerms }: MoveRecords): MovePayload {
  if (newTerms) {
    tx.positionTerms.insert(newTerms.terms);
    for (const party of newTerms.parties) tx.parties.insert(party);
    for (const milestone of newTerms.milestones) tx.milestones.insert(milestone);
  }
  tx.lifecycleEvents.insert(payload.event);
  tx.ledgerEvents.insert(payload.ledgerEvent);
  for (const posting of postings) tx.postings.insert(posting);
  tx.publish(published);
  return payload;
}

/** Writes the milestones that a change has changed. */
export function writeMilestones(tx: Writers, milestones: Iterable<Milestone>): void {
  for (const milestone of milestones) tx.milestones.replace(milestone, EARNED_FIELDS);
}

/** The objects that determine whether a position may be opened under an asset. */
export interface PositionContext {
  readonly asset: Asset;
  readonly template: AssetTemplate;
  /** The institution's policy for the template's region. */
  readonly policy: Policy | undefined;
}

/** Loads the context of each asset in two round trips, whatever their number; undefined if the asset does not exist. */
export async function loadPositionContexts(
  tx: Writers,
  assetIds: readonly Id[],
): Promise<readonly (PositionContext | undefined)[]> {
  if (assetIds.length === 0) return [];
  const assets = await tx.assets.byIds(assetIds);
  const known = assets.filter((asset) => asset !== undefined);
  const institutionIds = [...new Set(known.map(({ institutionId }) => institutionId))];
  const [templates, policies] = await Promise.all([
    tx.assetTemplates.byIds([...new Set(known.map(({ templateId }) => templateId))]),
    tx.policies.pages(institutionIds.map(policiesOf)),
  ]);
  const templateById = new Map(templates.map((template) => [template?.id, template]));
  const rows = policies.flatMap((page) => page.rows);
  return assets.map((asset) => {
    const template = asset && templateById.get(asset.templateId);
    if (!asset || !template) return undefined;
    const { institutionId, region } = template;
    const policy = rows.find((each) => each.institutionId === institutionId && each.region === region);
    return { asset, template, policy };
  });
}

/** More than the number of regions. */
const MAX_REGIONS = 50;

/** Selects all policies of an institution, by region. */
export const policiesOf = (institutionId: Id): Window<Policy> =>
  firstOf({
    parent: { field: 'institutionId', id: institutionId },
    order: { by: ['region'], direction: 'ASC' },
    limit: MAX_REGIONS,
  });

/** Throws PolicyViolationError if the template's or the institution's rules do not allow the position. */
export function checkTemplateAndPolicy(
  draft: PositionDraft,
  { template, policy }: PositionContext,
  now: Instant,
): TemplateRules {
  const rules = templateRulesOf(template.config);
  checkTemplateRules(draft, rules, now);
  checkPolicyRules(draft, rules.country, policy);
  return rules;
}

/**
 * Throws PolicyViolationError if the position breaks the config that it was opened under or its institution's current
 * policy. Returns the rules of the config.
 */
export function checkOpened(position: Position, { configs, policies }: PositionRules): TemplateRules {
  const configId = templateConfigId(position.templateId, position.templateVersion);
  const opened = configs.find(({ id }) => id === configId);
  if (!opened) throw new Error(`The config of ${position.id} was not loaded.`);
  const { institutionId, region } = opened;
  const policy = policies.find((each) => each.institutionId === institutionId && each.region === region);
  const { currency, amount: minorUnits, expiresAt, createdAt } = position;
  const amount = { minorUnits, currency };
  const rules = templateRulesOf(opened.config);
  checkTemplateRules({ amount, expiresAt }, rules, createdAt);
  checkPolicyRules({ amount }, rules.country, policy);
  return rules;
}

/** Does the same for a funding. The violation has no path: the rules are about the whole position, not about the input. */
export function checkFunding(position: Position, rules: PositionRules): void {
  try {
    checkOpened(position, rules);
  } catch (error) {
    if (error instanceof PolicyViolationError) error.path = null;
    throw error;
  }
}

/** Converts a change to the ids of its objects; `loadChanges` is the inverse. */
export const storedMove = ({ position, event, ledgerEvent }: MovePayload): JsonObject => ({
  positionId: position.id,
  eventId: event.id,
  ledgerEventId: ledgerEvent.id,
});

/** Returns the positions in their current state, with the events of the first call. */
export async function loadMoves(tx: Writers, stored: readonly JsonObject[]): Promise<readonly MovePayload[]> {
  const ids = (field: string): readonly Id[] => stored.map((change) => change[field] as Id);
  const [positions, events, ledgerEvents] = await Promise.all([
    tx.positions.byIds(ids('positionId')),
    tx.lifecycleEvents.byIds(ids('eventId')),
    tx.ledgerEvents.byIds(ids('ledgerEventId')),
  ]);
  return stored.map((_change, index) => ({
    position: positions[index] as Position,
    event: events[index] as LifecycleEvent,
    ledgerEvent: ledgerEvents[index] as LedgerEvent,
  }));
}

/** Returns the payload of one stored move. */
export const loadMove = async (tx: Writers, stored: JsonObject): Promise<MovePayload> =>
  (await loadMoves(tx, [stored]))[0] as MovePayload;
