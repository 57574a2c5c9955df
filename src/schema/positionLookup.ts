import type { GraphQLResolveInfo } from 'graphql';
import { ownInstitution } from '../commands/context.ts';
import type { Id } from '../domain/ids.ts';
import type { Position as PositionRow } from '../domain/position.ts';
import { EVERYONE } from '../domain/rights.ts';
import type { MaybePromise, Page } from '../store/store.ts';
import { firstOf } from '../store/window.ts';
import { builder, type Context } from './builder.ts';
import { badInput } from './errors.ts';
import { bringOfObject } from './lookAhead.ts';
import { Position } from './position.ts';

interface Args {
  readonly id?: Id | null | undefined;
  readonly externalReference?: string | null | undefined;
  readonly institutionId?: Id | null | undefined;
}

/**
 * Returns the position with an id, or the only one with an external reference. Throws BAD_USER_INPUT for invalid
 * arguments.
 */
function lookUp(
  { id, externalReference, institutionId }: Args,
  context: Context,
  info: GraphQLResolveInfo,
): MaybePromise<PositionRow | undefined> {
  const hasId = typeof id === 'string';
  const hasReference = typeof externalReference === 'string';
  if (hasId === hasReference || (hasId && typeof institutionId === 'string')) {
    throw badInput(
      '`position` requires either `id` or `externalReference`; `institutionId` is allowed only with `externalReference`.',
    );
  }
  const bring = bringOfObject(context.read, info, Position.name);
  if (hasId) return context.read.positions.byId(id, bring);
  const institution = institutionId ?? ownInstitution(context.viewer);
  if (institution === undefined) {
    throw badInput('`institutionId` is required with `externalReference`: the root key belongs to no institution.');
  }
  const page = context.read.positions.page(
    firstOf<PositionRow>({
      // The reference is the parent, so that all lookups of a request share one statement.
      parent: { field: 'externalReference', id: externalReference ?? '' },
      where: { institutionId: { in: [institution] } },
      order: { by: ['createdAt'], direction: 'ASC' },
      limit: 1,
      bring,
    }),
  );
  return page instanceof Promise ? page.then(onlyOne) : onlyOne(page);
}

function onlyOne({ rows, more }: Page<PositionRow>): PositionRow | undefined {
  if (!more) return rows[0];
  throw badInput(
    'Several positions have this `externalReference`. List them with `positions(filter: { externalReference: ... })`.',
  );
}

builder.queryField('position', (t) =>
  t.field({
    type: Position,
    nullable: true,
    description:
      'Returns the position with this id or external reference, or null if it does not exist or is not visible to the viewer.',
    extensions: { roles: EVERYONE },
    args: {
      id: t.arg.id({ description: 'The id of the position. Required unless `externalReference` is given.' }),
      externalReference: t.arg.string({
        description:
          'The external reference, instead of `id`. If several positions of the institution have it, the result is a BAD_USER_INPUT error.',
      }),
      institutionId: t.arg.id({
        description:
          'The institution of the external reference. Required with the root key. Defaults to the institution of the API key.',
      }),
    },
    resolve: (_root, args, context, info) => lookUp(args, context, info),
  }),
);
