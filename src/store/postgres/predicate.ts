import type { Id } from '../../domain/ids.ts';
import type { Scope } from '../../domain/viewer.ts';

/**
 * The institution that every statement of the scope names in its conditions; null for all. The first line between
 * institutions. The second, row level security, goes by the transaction's own setting and does not ask here.
 */
export const predicateOf = (scope: Scope): Id | null => (scope === 'ALL' ? null : scope.institutionId);
