import { describe, expect, it, vi } from 'vitest';
import { predicateOf } from '../../src/store/postgres/predicate.ts';
import { openPostgres } from '../support/stores.ts';
import { everyCaller } from './everyCaller.ts';

// Removes the first protection between institutions: the conditions of statements on the institution.
vi.mock('../../src/store/postgres/predicate.ts', () => ({ predicateOf: () => null }));

describe('access checks on PostgreSQL with row level security only', () => {
  it('statements have no condition on the institution in this file', () => {
    expect(predicateOf({ institutionId: 'inst_00000000000000000000000000' })).toBeNull();
  });

  everyCaller(() => openPostgres());
});
