import { createAsset } from '../commands/asset.ts';
import { createAssetTemplate } from '../commands/assetTemplate.ts';
import { createInstitution } from '../commands/institution.ts';
import { setPolicy } from '../commands/policy.ts';
import type { Clock } from '../domain/time.ts';
import type { Store } from '../store/store.ts';
import { writeContractSteps } from './contractSteps.ts';
import { CONTRACT_ASSET } from './contracts.ts';
import { chatSessionId, LAST_CHAT_SESSION, writeConversations } from './conversations.ts';
import { ASSET_CODES, assetId, type DemoInstitution, INSTITUTIONS, institutionId } from './institutions.ts';
import { milestoneId, POSITION_ROUNDS, positionId, writePositions } from './positions.ts';
import { createTimeline, demoId, type Timeline } from './timeline.ts';

/** The ids of the objects that examples and documents use. They are the same on each server. */
export const DEMO = {
  /** Larkfield Escrow Bank, which holds the money for the construction of the bridge. */
  bank: institutionId('bank'),
  /** Meridian Trade Fund, which holds the money for the steel and the cables. */
  fund: institutionId('fund'),
  /** The deck of the bridge, an asset. */
  deck: assetId('DECK'),
  /** A position for the deck that is released in part, and has a conversation. */
  deckPartlyReleased: positionId('DECK', 1),
  /** A position for the deck that is released. */
  deckReleased: positionId('DECK', 2),
  /** A position for the deck that is funded. */
  deckFunded: positionId('DECK', 5),
  /** A position for the deck that is not funded yet. */
  deckCreated: positionId('DECK', 13),
  /** A position under a letter of credit that is released in part, and has a conversation. */
  letterOfCredit: positionId('LC-88', 6),
  /** The contract for the bridge: two milestones are released, and one in part. */
  contract: positionId(CONTRACT_ASSET, 1),
  /** The fourth milestone of the contract, which is open. */
  contractMilestone: milestoneId(CONTRACT_ASSET, 1, 4),
  /** A contract that is released, with what was retained. */
  contractReleased: positionId(CONTRACT_ASSET, 2),
  /** A contract that is funded in part. */
  contractPartlyFunded: positionId(CONTRACT_ASSET, 7),
  /** A contract to which the payee has not agreed yet. */
  contractNotAgreed: positionId(CONTRACT_ASSET, 8),
  /** The conversation about the first position for the deck. */
  deckChat: chatSessionId('deck milestone'),
} as const;

/**
 * Fills a store without institutions: two institutions that hold the money for a bridge, asset templates of all kinds,
 * positions in every state, and conversations, all through the commands that clients use. Returns false if the store has
 * other institutions, or the data already. Servers that start together write the data once, and each returns only when
 * it is complete: the jobs of a server would expire positions that another one is about to move.
 */
export async function writeDemoData(store: Store, clock: Clock): Promise<boolean> {
  const timeline = createTimeline(store, clock);
  if (!(await isIncomplete(store, timeline))) return false;
  for (const institution of INSTITUTIONS) await writeInstitution(timeline, institution);
  for (let round = 0; round < POSITION_ROUNDS; round += 1) {
    for (const institution of INSTITUTIONS) await writePositions(timeline, institution, round);
  }
  await writeContractSteps(timeline);
  await writeConversations(timeline);
  return true;
}

/** Whether the store is empty, or has a part of the data of today, which another server writes or has left. */
async function isIncomplete(store: Store, { midnightOf }: Timeline): Promise<boolean> {
  const read = store.read('ALL');
  const [institutions] = await read.institutions.counts([{ where: {} }]);
  if (institutions === 0) return true;
  const [bank] = await read.institutions.byIds([DEMO.bank]);
  const [last] = await read.chatSessions.byIds([LAST_CHAT_SESSION]);
  return bank !== undefined && bank.createdAt >= midnightOf(1) && bank.createdAt < midnightOf(2) && last === undefined;
}

/** Writes an institution with its policies, its templates and its assets. */
async function writeInstitution({ day, step }: Timeline, institution: DemoInstitution): Promise<void> {
  const { key, input, policies, templates } = institution;
  const owner = { institutionId: institutionId(key) };
  day(1);
  await createInstitution(...step({ key: `institution ${key}` }, input));
  for (const policy of policies) {
    await setPolicy(...step({ key: `policy ${key} ${policy.region}` }, { ...policy, ...owner }));
  }
  day(2);
  for (const { input: template, assets } of templates) {
    const name = `template ${template.code}`;
    await createAssetTemplate(...step({ key: name }, { ...template, ...owner }));
    for (const { code, label, metadata } of assets) {
      const asset = { templateId: demoId('tmpl', name), label, metadata };
      await createAsset(...step({ key: `asset ${code}`, numbers: [ASSET_CODES.indexOf(code)] }, asset));
    }
  }
}
