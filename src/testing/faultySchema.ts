import type { GraphQLFieldConfig, GraphQLSchema } from 'graphql';
import type { Context } from '../schema/builder.ts';
import { schema } from '../schema/index.ts';
import { type RootFields, withRootFields } from '../schema/rootFields.ts';
import type { Store } from '../store/store.ts';
import type { Faults } from './faults.ts';

/** The faults of each test server, by its store, which is in the context of every operation. */
const FAULTS = new WeakMap<Store, Faults>();

let faulty: GraphQLSchema | undefined;

/** Returns the schema whose root fields follow the faults of the server. All test servers of a process share it. */
export function faultySchema(store: Store, faults: Faults): GraphQLSchema {
  FAULTS.set(store, faults);
  return (faulty ??= withRootFields(schema, (fields, kind) => {
    const name = kind === 'subscription' ? 'subscribe' : 'resolve';
    return Object.fromEntries(
      Object.entries(fields).map(([field, config]): [string, RootFields[string]] => [
        field,
        { ...config, [name]: guarded(config[name]) },
      ]),
    );
  }));
}

type Resolve = NonNullable<GraphQLFieldConfig<unknown, Context>['resolve']>;

const guarded = (resolve: Resolve | undefined): Resolve | undefined =>
  resolve &&
  ((source, args, context, info) => {
    const run = (): unknown => resolve(source, args, context, info);
    const faults = FAULTS.get(context.store);
    return faults ? faults.resolve(context, info, run) : run();
  });
