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
  /** The viewer's institution and what it has. */
  readonly own: () => World;
  /** The same of another institution. */
  readonly theirs: () => World;
  /** Makes an institution's key the viewer. */
  readonly as: (role: 'ADMIN' | 'READ_ONLY') => void;
}

/** Two institutions alike in a store of their own. */
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

/** Everything that there is in a world. */
export const idsOf = ({ deal, created, funded }: World): readonly string[] => [
  deal.institution.id,
  deal.templateId,
  deal.assetId,
  created,
  funded,
];

/** An id of the same type that never was. */
export const unknownOf = (id: string): string => `${id.split('_', 1)[0]}_00000000000000000000000000`;
