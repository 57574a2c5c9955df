import { beforeAll } from 'vitest';
import type { Viewer } from '../../src/domain/viewer.ts';
import type { Store } from '../../src/store/store.ts';
import type { World } from './badInput.ts';
import { type Deal, fundedPosition, makeDeal, openPosition } from './deal.ts';
import { serve, type TestServer } from './server.ts';
import type { OpenStore } from './stores.ts';

export const ROOT: Viewer = { role: 'ROOT' };

export interface Tenants {
  readonly store: () => Store;
  readonly server: () => TestServer;
  /** The institution of the viewer and its objects. */
  readonly own: () => World;
  /** Another institution and its objects. */
  readonly theirs: () => World;
  /** Makes an API key of the institution the viewer. */
  readonly as: (role: 'ADMIN' | 'READ_ONLY') => void;
}

/** Creates two similar institutions in a new store. */
export function tenantsOn(open: OpenStore): Tenants {
  let store: Store;
  let server: TestServer;
  let own: World;
  let theirs: World;
  beforeAll(async () => {
    store = await open();
    server = serve(store);
    const [deal, other] = [await makeDeal(server), await makeDeal(server)];
    const world = async (mine: Deal, others: Deal): Promise<World> => ({
      deal: mine,
      other: others,
      created: (await openPosition(server, mine)).id,
      funded: (await fundedPosition(server, mine)).id,
    });
    own = await world(deal, other);
    theirs = await world(other, deal);
  });
  const as = (role: 'ADMIN' | 'READ_ONLY'): void => {
    server.viewer = { role, institutionId: own.deal.institution.id };
  };
  return { store: () => store, server: () => server, own: () => own, theirs: () => theirs, as };
}

/** Returns all ids of a world. */
export const idsOf = ({ deal, created, funded }: World): readonly string[] => [
  deal.institution.id,
  deal.templateId,
  deal.assetId,
  created,
  funded,
];

/** Returns an id of the same type that never existed. */
export const unknownOf = (id: string): string => `${id.split('_', 1)[0]}_00000000000000000000000000`;
