import { createApiKey } from '../commands/apiKey.ts';
import { createAsset } from '../commands/asset.ts';
import { createAssetTemplate } from '../commands/assetTemplate.ts';
import { postChatMessage } from '../commands/chatMessage.ts';
import { createChatSession } from '../commands/chatSession.ts';
import type { CommandContext } from '../commands/context.ts';
import { createInstitution } from '../commands/institution.ts';
import type { ApiKeyRole } from '../domain/apiKey.ts';
import type { Id } from '../domain/ids.ts';
import { REGIONS } from '../domain/institution.ts';
import { UserError } from '../domain/userErrors.ts';
import { TestServerError } from './errors.ts';
import { createInState, type PositionSeed, type SeededPosition } from './seedPosition.ts';
import { instantOf, type Time } from './times.ts';
import type { World } from './world.ts';

/** An object that a seed has made. */
export interface Seeded {
  readonly id: string;
  readonly institutionId: string;
}

/** An API key that a seed has made. */
export interface SeededApiKey extends Seeded {
  /** The token that clients send. */
  readonly token: string;
}

/** The asset that a seed makes. */
export interface AssetSeed {
  /** The institution that owns the asset. Defaults to that of the server. */
  readonly institutionId?: string;
  /** The currency of the asset's template. Defaults to USD. */
  readonly currencyCode?: string;
  /** Defaults to `Test asset`. */
  readonly label?: string;
}

/** The API key that a seed makes. */
export interface ApiKeySeed {
  /** The institution of the API key. Defaults to that of the server. */
  readonly institutionId?: string;
  /** Defaults to ADMIN. */
  readonly role?: ApiKeyRole;
  /** When the API key expires. Defaults to never. */
  readonly expiresAt?: Time;
}

/** The chat session that a seed makes. */
export interface ChatSessionSeed {
  /** The position that the session concerns. Defaults to none. */
  readonly positionId?: string;
  /** The institution that owns the session. Defaults to that of the position, or else to that of the server. */
  readonly institutionId?: string;
  /** Defaults to `Test conversation`. */
  readonly title?: string;
  /** The texts of its messages, in order. */
  readonly messages?: readonly string[];
}

/**
 * Makes objects as the root key, through the commands that clients use: with their ledger and audit events, and with
 * changes for subscribers. Each function makes what its object needs. Each throws TestServerError if the object is
 * impossible.
 */
export interface Seeds {
  /** Makes an institution that does business everywhere. */
  readonly institution: (name?: string) => Promise<{ readonly id: string; readonly name: string }>;
  readonly apiKey: (seed?: ApiKeySeed) => Promise<SeededApiKey>;
  /** Makes an asset, with a template of its own. */
  readonly asset: (seed?: AssetSeed) => Promise<Seeded & { readonly assetTemplateId: string }>;
  /** Makes a position in the state. Positions without `assetId` share one asset per institution and currency. */
  readonly position: (seed?: PositionSeed) => Promise<SeededPosition>;
  readonly chatSession: (seed?: ChatSessionSeed) => Promise<Seeded>;
}

/** Returns the functions of `server.seed`. `ownInstitution` returns the institution for objects that name none. */
export function createSeeds(world: World, context: CommandContext, ownInstitution: () => Id): Seeds {
  const sharedAsset = async (institutionId: Id, currencyCode: string): Promise<Id> => {
    const name = `${institutionId} ${currencyCode}`;
    const known = world.seededAssets.get(name);
    if (known !== undefined) return known;
    const { id } = await makeAsset(context, { institutionId, currencyCode });
    world.seededAssets.set(name, id);
    return id;
  };
  return {
    institution: (name = 'Test institution') =>
      seeding('institution', async () => {
        const { institution } = await createInstitution(context, { name, regions: REGIONS });
        return { id: institution.id, name };
      }),
    apiKey: ({ institutionId = ownInstitution(), role = 'ADMIN', expiresAt } = {}) =>
      seeding('apiKey', async () => {
        const expiry = expiresAt === undefined ? null : instantOf(expiresAt, 'expiresAt');
        const input = { institutionId, label: `Test key ${role}`, role, expiresAt: expiry };
        const { apiKey, token } = await createApiKey(context, input);
        return { id: apiKey.id, institutionId, token };
      }),
    asset: (seed = {}) => seeding('asset', () => makeAsset(context, { institutionId: ownInstitution(), ...seed })),
    position: (seed = {}) =>
      seeding('position', async () => {
        const { institutionId = ownInstitution(), currencyCode = 'USD' } = seed;
        return createInState(context, {
          ...seed,
          assetId: seed.assetId ?? (await sharedAsset(institutionId, currencyCode)),
        });
      }),
    chatSession: (seed = {}) => seeding('chatSession', () => makeChatSession(context, seed, ownInstitution)),
  };
}

async function makeAsset(
  context: CommandContext,
  { institutionId, currencyCode = 'USD', label = 'Test asset' }: AssetSeed & { readonly institutionId: Id },
): Promise<Seeded & { readonly assetTemplateId: Id }> {
  const { assetTemplate } = await createAssetTemplate(context, {
    institutionId,
    code: 'CONSTR_ESCROW',
    name: `Test escrow in ${currencyCode}`,
    vertical: 'CONSTRUCTION',
    region: 'US',
    config: { currency: currencyCode, region: 'US' },
  });
  const { asset } = await createAsset(context, { templateId: assetTemplate.id, label });
  return { id: asset.id, institutionId, assetTemplateId: assetTemplate.id };
}

async function makeChatSession(
  context: CommandContext,
  { positionId, title = 'Test conversation', messages = [], ...seed }: ChatSessionSeed,
  ownInstitution: () => Id,
): Promise<Seeded> {
  const institutionId = seed.institutionId ?? (positionId === undefined ? ownInstitution() : null);
  const input = { positionId: positionId ?? null, institutionId, ownerReference: OWNER, title };
  const { chatSession } = await createChatSession(context, input);
  for (const body of messages) {
    await postChatMessage(context, { chatSessionId: chatSession.id, authorReference: OWNER, body });
  }
  return { id: chatSession.id, institutionId: chatSession.institutionId };
}

const OWNER = 'test-clerk';

/** Converts a user error to an error of the test. */
async function seeding<T>(name: keyof Seeds, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new TestServerError(`seed.${name}() is impossible: ${error.message}`, { cause: error });
  }
}
