import {
  type Batch,
  type Call,
  faultsOf,
  isAboutSomething,
  isKept,
  type Operation,
  type Policy,
  requestOf,
  type Who,
  within,
} from './calls.ts';
import { agreed, amended, opened, updated } from './changes.ts';
import { faultsOfCreate, faultsOfMove } from './inputs.ts';
import {
  type Answer,
  ASSETS,
  type Create,
  type Held,
  invalid,
  NEXT,
  Refused,
  type Rules,
  resultOf,
  type Update,
} from './model.ts';
import { moved } from './moves.ts';

interface Kept {
  readonly request: string;
  readonly answer: Answer;
  readonly at: number;
}
const KEEP_MS = 30 * 86_400_000;
/** Returns the result of a change: the position after it, and its event. */
const changed = (type: string, index: number, position: Held): Answer => ({
  type,
  at: index,
  position,
  event: position.events.at(-1),
});

/**
 * The whole server as a value: the positions, policies and idempotency keys of one institution, together with the
 * clock.
 */
export class World {
  now: number;
  positions: Held[] = [];
  readonly policies = new Map<string, Rules>();
  readonly #keys = new Map<string, Kept>();
  #policyIds = 0;

  constructor(now: number) {
    this.now = now;
  }

  /** Expires due positions, and returns their number. */
  expireDue(): number {
    const due = this.positions.flatMap((each, index) =>
      each.expiresAt !== undefined && each.expiresAt <= this.now && NEXT[each.state].length > 0 ? [index] : [],
    );
    for (const at of due) {
      this.positions[at] = moved(this.positions[at] as Held, { position: at, to: 'EXPIRED' }, this.now);
    }
    return due.length;
  }

  /** Removes the idempotency keys that are past their retention. Until then they count. */
  cleanUp(): void {
    for (const [scope, { at }] of this.#keys) if (at < this.now - KEEP_MS) this.#keys.delete(scope);
  }

  /** Returns the result of the call, and applies its effects. */
  answer(call: Call): Answer {
    return resultOf(() => this.#perform(call));
  }

  #perform(call: Call): Answer {
    const { who, key } = call;
    if (who === 'READ_ONLY') throw new Refused('ForbiddenError', null);
    const faults = faultsOf(call, this.now);
    if (faults.length > 0) throw invalid(faults);
    const dry = call.mutation === 'applyPositions' && call.input.dryRun;
    // The idempotency keys of root belong to the institution of the object; those of the other caller to the other
    // institution.
    const claims = key !== undefined && !dry && (who !== 'ROOT' || isAboutSomething(call, this.positions));
    const scope = JSON.stringify([who === 'STRANGER', call.mutation, key]);
    const prior = claims ? this.#keys.get(scope) : undefined;
    const request = requestOf(call);
    if (prior) {
      if (prior.request !== request) throw new Refused('IdempotencyConflictError', ['idempotencyKey']);
      return this.#asItIsNow(prior.answer);
    }
    const answer = resultOf(() => ({ ...this.#act(call), replayed: false }));
    if (claims && isKept(answer)) this.#keys.set(scope, { request, answer, at: this.now });
    return answer;
  }

  /** Returns a replayed result: events of the first call, and objects in their current state. */
  #asItIsNow(answer: Answer): Answer {
    const { type, at, results, policy } = answer;
    if (!type.endsWith('Payload')) return answer;
    const now = (each: Answer): Answer =>
      each['at'] === undefined ? each : { ...each, position: this.positions[each['at'] as number] };
    const set =
      policy === undefined ? undefined : [...this.policies.values()].find(({ id }) => id === (policy as Rules).id);
    return {
      ...answer,
      replayed: true,
      ...(at !== undefined && { position: this.positions[at as number] }),
      ...(results !== undefined && { results: (results as readonly Answer[]).map(now) }),
      ...(set !== undefined && { policy: set }),
    };
  }

  #act(call: Call): Answer {
    if (call.mutation === 'applyPositions') return this.#batch(call.input, call.who);
    if (call.mutation === 'setPolicy' || call.mutation === 'deletePolicy') {
      if (call.who === 'STRANGER') throw new Refused('NotFoundError', ['institutionId']);
      return this.#policy(call.mutation, call.input);
    }
    if (call.mutation === 'updatePosition') return this.#update(call.input, call.who);
    const index = call.mutation === 'createPosition' ? this.positions.length : call.input.position;
    const before = this.positions[index];
    const position = this.#changed(call);
    this.positions[index] = position;
    const answer = changed(`${call.mutation[0]?.toUpperCase()}${call.mutation.slice(1)}Payload`, index, position);
    return position === before ? { ...answer, event: null } : answer;
  }

  #changed(
    call: Exclude<Call, { readonly mutation: 'updatePosition' | 'applyPositions' | 'setPolicy' | 'deletePolicy' }>,
  ): Held {
    if (call.mutation === 'createPosition') return this.#create(call.input, call.who);
    if (call.mutation === 'amendPosition') {
      if (typeof call.input.expiresAt === 'number' && call.input.expiresAt <= this.now) throw invalid([['expiresAt']]);
      return amended(found(this.positions, call.input, call.who), call.input, this.now, this.policies);
    }
    const before = found(this.positions, call.input, call.who);
    if (call.mutation === 'agreeToPosition') return agreed(before, call.input, this.now);
    return moved(before, call.input, this.now, this.policies);
  }

  #update(input: Update, who: Who): Answer {
    const index = input.position;
    const position = updated(found(this.positions, input, who), input, this.positions);
    this.positions[index] = position;
    return { type: 'UpdatePositionPayload', at: index, position };
  }

  #create(input: Create, who: Who, positions = this.positions): Held {
    const foreign = input.institution !== undefined && (input.institution === 'other') !== (who === 'STRANGER');
    const past = input.expiresAt !== undefined && input.expiresAt <= this.now;
    if (past) throw invalid([['expiresAt']]);
    if (who !== 'ROOT' && foreign) throw new Refused('NotFoundError', ['institutionId']);
    const asset = who === 'STRANGER' ? undefined : ASSETS[input.asset];
    if (!asset) throw new Refused('NotFoundError', ['assetId']);
    if (foreign) throw new Refused('NotFoundError', ['institutionId']);
    return opened(input, this.policies.get(asset.region), this.now, positions);
  }

  #batch({ operations, atomic, dryRun }: Batch, who: Who): Answer {
    const before = this.positions;
    let after = [...before];
    let refused = false;
    const run = (operation: Operation, n: number): Answer => {
      if (refused && atomic) return { type: 'NOT_DONE' };
      try {
        const isCreate = operation.kind === 'create';
        const faults = isCreate ? faultsOfCreate(operation.create, this.now) : faultsOfMove(operation.move);
        if (faults.length > 0) throw invalid(faults);
        const index = isCreate ? after.length : operation.move.position;
        const next = isCreate
          ? this.#create(operation.create, who, after)
          : moved(found(after, operation.move, who), operation.move, this.now, this.policies);
        // Versions count commits, and the batch is one commit.
        after[index] = { ...next, version: (before[index]?.version ?? 0) + 1 };
        // A position created by a dry run has no index.
        return changed('APPLIED', dryRun && before[index] === undefined ? -1 : index, after[index]);
      } catch (no) {
        if (!(no instanceof Refused)) throw no;
        refused = true;
        return within(['operations', `${n}`, operation.kind], no.answer);
      }
    };
    let results = operations.map(run);
    if (atomic && refused) {
      after = before;
      results = results.map((each) => (each.type === 'APPLIED' ? { type: 'NOT_DONE' } : each));
    }
    const committed = !dryRun && results.some(({ type }) => type === 'APPLIED');
    if (committed) this.positions = after;
    return { type: 'ApplyPositionsPayload', results, committed };
  }

  #policy(mutation: 'setPolicy' | 'deletePolicy', input: Policy): Answer {
    const { region, expectedVersion, allowed, countries, limits = [] } = input;
    const current = this.policies.get(region);
    if (mutation === 'deletePolicy' && !current) throw new Refused('NotFoundError', ['region']);
    const currentVersion = current?.version ?? 0;
    if (expectedVersion !== undefined && expectedVersion !== currentVersion) {
      throw new Refused('StaleVersionError', ['expectedVersion'], { expectedVersion, currentVersion });
    }
    if (mutation === 'deletePolicy') {
      this.policies.delete(region);
      return { type: 'DeletePolicyPayload' };
    }
    if (region === 'UAE') throw invalid([['region']]);
    const policy = {
      id: current?.id ?? (this.#policyIds += 1),
      version: currentVersion + 1,
      allowed,
      countries,
      limits,
    };
    this.policies.set(region, policy);
    return { type: 'SetPolicyPayload', policy };
  }
}

function found(positions: readonly Held[], { position }: Pick<Update, 'position'>, who: Who): Held {
  const held = who === 'STRANGER' ? undefined : positions[position];
  if (!held) throw new Refused('NotFoundError', ['positionId']);
  return held;
}
