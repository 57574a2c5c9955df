import type { Id } from '../domain/ids.ts';
import type { Institution } from '../domain/institution.ts';
import type { Writers } from '../store/store.ts';

/** An institution, undefined if it does not exist, with the number of its objects in a table. */
export interface CountedInstitution {
  readonly institution: Institution | undefined;
  readonly count: number;
}

/**
 * Loads an institution with the number of its objects in a table. An advisory lock serializes the counts, so that two
 * concurrent requests cannot both take the last place.
 */
export async function countedInstitution(
  tx: Writers,
  table: 'apiKeys' | 'webhookEndpoints',
  lockName: string,
  institutionId: Id,
): Promise<CountedInstitution> {
  const lock = tx.advisoryLock(lockName);
  const [institutions, counts] = await Promise.all([
    tx.institutions.byIds([institutionId]),
    tx[table].counts([{ where: { institutionId: { in: [institutionId] } } }]),
    lock,
  ]);
  return { institution: institutions[0], count: counts[0] ?? 0 };
}
