import { beforeAll, expect, it } from 'vitest';
import { recordId } from '../../src/domain/idempotency.ts';
import type { Store } from '../../src/store/store.ts';
import { aSession } from '../store/chatRows.ts';
import { anAsset, anInstitution, aPosition, aTemplate, funded, insertAll } from '../store/rows.ts';
import { call, type MutationName } from '../support/accounting.ts';
import { type ChatMutation, chat } from '../support/conversation.ts';
import { serve, type TestServer } from '../support/server.ts';
import { onBothStores } from '../support/stores.ts';

const idOf = (prefix: string, last: number): string => `${prefix}_${`${last}`.padStart(26, '0')}`;
const institutionId = idOf('inst', 1);
const templateId = idOf('tmpl', 1);
const assetId = idOf('ast', 1);
const chatSessionId = idOf('chat', 1);
const positionId = (n: number): string => idOf('pos', n);
const amount = { amount: '100.0', currencyCode: 'USD' };
const metadata = { b: [1, { y: 2, x: null }], a: 'ä' };

interface Stored {
  readonly mutation: MutationName | Extract<ChatMutation, `create${string}` | `update${string}` | `post${string}`>;
  readonly input: object;
  /** The request hash that version 0.1.0 stored for this input. */
  readonly hash: string;
}

/** Recorded by running version 0.1.0 on these inputs. A change of any hash would turn a retry into a conflict. */
const STORED: { readonly [key: string]: Stored } = {
  'an asset': {
    mutation: 'createAsset',
    input: { templateId, label: 'Pier 9' },
    hash: '05cd486f97c6f8df7562f6ee722cac145329aea45cfd93e5be57334fdf88fdcb',
  },
  'a template': {
    mutation: 'createAssetTemplate',
    input: {
      institutionId,
      code: 'CONSTR_ESCROW',
      name: 'Escrow',
      vertical: 'CONSTRUCTION',
      region: 'US',
      config: { currency: 'USD', region: 'US' },
    },
    hash: '744c8e4d0966f2e83cef0e22f839ee8bf08bd0a03ff0c61d89de434c72ab6036',
  },
  'a position': {
    mutation: 'createPosition',
    input: { assetId, holderReference: 'holder', amount },
    hash: 'b811cee529b3e93b7fb43280b7a544140948575287f507c59029ceddb50117fe',
  },
  'a position with all fields': {
    mutation: 'createPosition',
    input: {
      institutionId,
      assetId,
      holderReference: 'holder',
      amount,
      externalReference: 'deal 4711',
      expiresAt: '2027-01-01T00:00:00Z',
      metadata,
    },
    hash: 'f5b52e3cf9f04b03cae810eb3c429f2216fe15bab0c2a9db6e9848253a33a1ec',
  },
  funding: {
    mutation: 'fundPosition',
    input: { positionId: positionId(1) },
    hash: '65acb88627520e9e894953d367276fa29adb2a00234ae55809967f7c806508c5',
  },
  'a release of a part': {
    mutation: 'releasePosition',
    input: { positionId: positionId(2), amount: '0.30' },
    hash: '38cc717eac4a8935321bb31eaa51025595cb48cddd78f959e1765a63dcffe1a1',
  },
  'a release of everything': {
    mutation: 'releasePosition',
    // The request was sent without `all`, which did not exist.
    input: { positionId: positionId(3), all: true },
    hash: '7167bb9bc90e47175e0ff8dfddb4a64df2f8cd2fff75b93aa800fc78c10001d6',
  },
  'a release of everything with a reason': {
    mutation: 'releasePosition',
    input: { positionId: positionId(4), all: true, reason: 'done', metadata, expectedVersion: 2 },
    hash: '2ed33e55fbee33622ad0cb3c6b9fbf4d21e738c2cc96b78fc12d9a03904b8dee',
  },
  'a transition': {
    mutation: 'transitionPosition',
    input: { positionId: positionId(5), toState: 'RELEASED' },
    hash: '41dc78992e27dcf434dc02c394ac9d5f60d19db8dc143f9de925d506b94433e3',
  },
  'a transition with an amount': {
    mutation: 'transitionPosition',
    input: { positionId: positionId(6), toState: 'PARTIALLY_RELEASED', amount: '0.5', reason: 'first' },
    hash: '9014facabf2e185fceeb4d5e0f11d957875efa458ddaecf3cea51520e973dfa3',
  },
  'a cancellation': {
    mutation: 'cancelPosition',
    input: { positionId: positionId(7) },
    hash: 'c437da586041541fffcfbc91b1823905cd4bd645b13f3eff4c54c5bb82d5c04f',
  },
  'an expiry': {
    mutation: 'expirePosition',
    input: { positionId: positionId(8) },
    hash: '44551e7b2d283af0ae70bfa34747321aa22e00a555b9809ae23096e24c8e39b7',
  },
  'a batch': {
    mutation: 'applyPositions',
    input: {
      operations: [
        { create: { assetId, holderReference: 'holder', amount } },
        { transition: { positionId: positionId(9), toState: 'RELEASED' } },
      ],
    },
    hash: '237b8c0f677786d7b5f2e2e33577428bde13334e97a15a20f180f06f869f7a5d',
  },
  'a policy': {
    mutation: 'setPolicy',
    input: { institutionId, region: 'US', limits: [{ currencyCode: 'USD', minAmount: '0.01' }] },
    hash: '5834102d1dd816ce35156dd6b28a944972ec1a420b625392a3a53cf924a06899',
  },
  'the end of a policy': {
    mutation: 'deletePolicy',
    input: { institutionId, region: 'US' },
    hash: '35477bf5aa9d6da37fe4866b504fb8f943a69fa2eba48ac415b14f6b3a677bfa',
  },
  'a chat session': {
    mutation: 'createChatSession',
    input: { institutionId, ownerReference: 'owner', title: 'Pier 9' },
    hash: 'c65c588209517a91fac26a895e522c539c6000df2d9a49c0c86b5d099195dbd0',
  },
  'an update of a chat session': {
    mutation: 'updateChatSession',
    input: { chatSessionId, title: 'Pier 10' },
    hash: 'c6e5a90dbd983a2980c2cca169fd13cba33106d66d8a4aed6dc65e6ebf84a263',
  },
  'a message': {
    mutation: 'postChatMessage',
    input: { chatSessionId, authorReference: 'ann', body: 'Hello' },
    hash: '77176109402bf4a5ca185b21e48e57d798ada7f832871be6e3cca1fcaa7db29a',
  },
};

onBothStores((open) => {
  let store: Store;
  let server: TestServer;
  beforeAll(async () => {
    store = await open();
    server = serve(store);
    const institution = anInstitution({ id: institutionId });
    const template = aTemplate(institution, { id: templateId });
    const asset = anAsset(template, { id: assetId });
    const positions = Array.from({ length: 9 }, (_one, index) => {
      const position = aPosition(asset, { id: positionId(index + 1) });
      return index === 0 ? position : funded(position);
    });
    const chatSessions = [aSession(institutionId, { id: chatSessionId })];
    await store.transact('ALL', async (tx) => {
      insertAll(tx, {
        institutions: [institution],
        assetTemplates: [template],
        assets: [asset],
        positions,
        chatSessions,
      });
    });
  });

  it.each(Object.entries(STORED))(
    'an idempotency key that version 0.1.0 stored for %s still replays',
    async (name, stored) => {
      const { mutation, input, hash } = stored;
      const send = () =>
        mutation.includes('Chat')
          ? chat(server, mutation as ChatMutation, { ...input, idempotencyKey: name })
          : call(server, mutation as MutationName, { ...input, idempotencyKey: name });
      expect(await send()).toMatchObject({ replayed: false });
      const [record] = await store.read('ALL').idempotencyRecords.byIds([recordId(institutionId, mutation, name)]);
      expect(record?.requestHash).toBe(hash);
      expect(await send()).toMatchObject({ replayed: true });
    },
  );
});
