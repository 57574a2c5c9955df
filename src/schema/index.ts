import { GraphQLSchema, specifiedDirectives } from 'graphql';
import { builder } from './builder.ts';
import { addExamples } from './examples.ts';
import { paceFields } from './pace.ts';
import { countResponses } from './responseSize.ts';
import { guardField } from './rights.ts';
import { printWithNullability, SEMANTIC_NON_NULL } from './semanticNonNull.ts';
import './scalars.ts';
import './errors.ts';
import './filter.ts';
import './node.ts';
import './lifecycle.ts';
import './institution.ts';
import './assetTemplate.ts';
import './asset.ts';
import './position.ts';
import './positionLookup.ts';
import './terms.ts';
import './milestone.ts';
import './positionTotal.ts';
import './lifecycleEvent.ts';
import './ledgerEvent.ts';
import './positionMutations.ts';
import './moveMutations.ts';
import './applyPositions.ts';
import './policy.ts';
import './auditEvent.ts';
import './apiKey.ts';
import './chatSession.ts';
import './chatSessionMutations.ts';
import './chatMessage.ts';
import './webhookEndpoint.ts';
import './webhookDelivery.ts';
import './subscription.ts';

const DESCRIPTION = `EscrowGrid: escrow for institutions.

An institution defines asset templates, creates assets under them and opens positions: amounts held in escrow until
they are released, cancelled or expire. Enums and unions are open: values and members are added without notice, so keep
a default branch. Expected errors of a mutation are members of its result. All other errors are entries of \`errors\` with
\`extensions.code\`. A nullable field whose description does not mention null is null only if \`errors\` has an entry for it; it has the directive \`@semanticNonNull\`.`;

/** Builds the schema. Types, fields and enum values keep the order in which they are declared. */
function build(): GraphQLSchema {
  const config = builder.toSchema({ sortSchema: false }).toConfig();
  const directives = [...specifiedDirectives, SEMANTIC_NON_NULL];
  return guardField(addExamples(new GraphQLSchema({ ...config, directives, description: DESCRIPTION })));
}

/** The whole schema. */
export const schema = paceFields(countResponses(build()));

let plain: GraphQLSchema | undefined;
/**
 * Returns the same schema with resolvers that neither count the response nor yield to other requests, for queries that
 * are small enough. It has types of its own.
 */
export const plainSchema = (): GraphQLSchema => (plain ??= build());

/** The schema as text: what schema.graphql holds. */
export const schemaText = (): string => printWithNullability(schema);
