import { describe, expect, it, vi } from 'vitest';
import { predicateOf } from '../../src/store/postgres/predicate.ts';
import { openPostgres } from '../support/stores.ts';
import { everyCaller } from './everyCaller.ts';

// The first line between institutions is gone: no statement names one any more.
vi.mock('../../src/store/postgres/predicate.ts', () => ({ predicateOf: () => null }));

describe('on PostgreSQL, by row security alone,', () => {
  it('no statement has a condition on the institution', () => {
    expect(predicateOf({ institutionId: 'inst_00000000000000000000000000' })).toBeNull();
  });

  everyCaller(() => openPostgres());
});
