import type { Id } from '../../domain/ids.ts';
import type { Scope } from '../../domain/viewer.ts';
import { tenantOf } from '../tables.ts';

/**
 * Returns the institution that the conditions of every statement name, or null for all institutions. This is the first
 * barrier between institutions. The second, row level security, uses the transaction's own setting and does not depend
 * on it.
 */
export const predicateOf = (scope: Scope): Id | null => tenantOf(scope);
