import { type LifecycleEvent, moveOf } from '../domain/lifecycleEvent.ts';
import type { Position } from '../domain/position.ts';
import { isAgreed, mustAgree, type Party } from '../domain/terms.ts';
import type { VersionOfTerms } from './histories.ts';

/**
 * Checks that all versions of the terms exist, that each party has agreed when an event says so, and that every agreement
 * that the terms require was given before the funding.
 */
export function agreementFault(
  { termsVersion }: Position,
  events: readonly LifecycleEvent[],
  versions: readonly VersionOfTerms[],
): string | undefined {
  const current = termsVersion ?? 0;
  if (versions.length !== current)
    return `has ${versions.length} versions of its terms, but its current one is ${current}`;
  const missing = versions.findIndex(({ terms }, index) => terms.version !== index + 1);
  if (missing !== -1) return `has no version ${missing + 1} of its terms`;
  const periods = periodsOf(events);
  if (current > periods.length) return `has version ${current} of its terms after ${periods.length - 1} amendments`;
  for (const [index, period] of periods.entries()) {
    // Once a position has terms, each amendment writes a version, so that the last versions belong to the last periods.
    const fault = periodFault(period, versions[index - periods.length + current]);
    if (fault !== undefined) return fault;
  }
  const last = versions.at(-1);
  const isFunded = events.some((event) => moveOf(event) === 'FUND');
  return isFunded && last?.terms.agreementRequired && !isAgreed(last.parties)
    ? 'was funded without the agreements that its terms require'
    : undefined;
}

/** Divides the events at the amendments: the terms do not change within a period. */
function periodsOf(events: readonly LifecycleEvent[]): readonly (readonly LifecycleEvent[])[] {
  const periods: LifecycleEvent[][] = [[]];
  for (const event of events) {
    if (moveOf(event) === 'AMEND') periods.push([]);
    periods.at(-1)?.push(event);
  }
  return periods;
}

/** Checks the agreements of one version of the terms; without terms nobody can agree. */
function periodFault(events: readonly LifecycleEvent[], version: VersionOfTerms | undefined): string | undefined {
  const agreements = events.filter((event) => moveOf(event) === 'AGREE');
  const parties = version?.parties ?? [];
  const gap = parties.findIndex(({ ordinal }, index) => ordinal !== index + 1);
  if (gap !== -1) return `has no party number ${gap + 1} in version ${version?.terms.version} of its terms`;
  const agreed = new Map<Party, LifecycleEvent>();
  for (const event of agreements) {
    const party = parties.find((each) => mustAgree(each) && each.reference === event.partyReference);
    if (!party) return `has an agreement in event ${event.sequence} by no party of its terms`;
    if (agreed.has(party)) return `has a second agreement of party ${party.ordinal} in event ${event.sequence}`;
    agreed.set(party, event);
  }
  for (const party of parties) {
    const event = agreed.get(party);
    const name = `party ${party.ordinal} in version ${version?.terms.version} of its terms`;
    if (party.agreedAt !== null && !event) return `has an agreement of ${name}, but no event of it`;
    if (event && party.agreedAt !== event.createdAt) {
      return `has another agreement of ${name} than its event ${event.sequence}`;
    }
  }
  return undefined;
}
