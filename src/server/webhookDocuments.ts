import {
  type DocumentNode,
  type ExecutionResult,
  execute,
  GraphQLError,
  type GraphQLSchema,
  Kind,
  parse,
  specifiedRules,
} from 'graphql';
import { getArgumentValues, getVariableValues } from 'graphql/execution/values.js';
import { LRUCache } from 'lru-cache';
import type { DocumentIssue } from '../commands/context.ts';
import type { Id } from '../domain/ids.ts';
import type { JsonObject } from '../domain/json.ts';
import type { Viewer } from '../domain/viewer.ts';
import { MAX_BODY_BYTES } from '../domain/webhookDelivery.ts';
import type { SelectedChanges, WebhookEndpoint } from '../domain/webhookEndpoint.ts';
import type { Context } from '../schema/builder.ts';
import { ResponseSize } from '../schema/responseSize.ts';
import type { Variables } from '../schema/variables.ts';
import { StoreError } from '../store/errors.ts';
import type { StreamItem } from '../subscriptions/hub.ts';
import { complexityErrors, type DocumentRules, parseWithin, validateDocument } from './operations/documentRules.ts';
import { type Operation, operationOf } from './operations/operation.ts';
import { type OperationLimits, requestedOperation } from './operations/requestedOperation.ts';
import { withJsonValues } from './operations/variables.ts';

/** What the documents of webhooks need of the server. */
export interface WebhookDocumentsOptions {
  readonly schema: GraphQLSchema;
  readonly documents: DocumentRules;
  readonly operations: OperationLimits;
  /** Makes the context of an operation of the viewer. */
  readonly contextOf: (viewer: Viewer) => Context;
}

/** A document that can be executed. */
interface Prepared {
  readonly document: DocumentNode;
  readonly variables: JsonObject;
  /** The institution that the document names, or null. */
  readonly institutionId: Id | null;
  readonly selected: SelectedChanges;
}

/** The maximum number of documents that are kept prepared. */
const MAX_PREPARED = 500;
/** Estimates of the size of a result exceed it, so that a smaller limit would end results that are small enough. */
const MAX_RESULT_BYTES = 4 * MAX_BODY_BYTES;

/** Checks the documents of webhooks as the API checks subscriptions, and executes them for changes. */
export class WebhookDocuments {
  readonly #options: WebhookDocumentsOptions;
  readonly #prepared = new LRUCache<string, Prepared | DocumentIssue>({ max: MAX_PREPARED });

  constructor(options: WebhookDocumentsOptions) {
    this.#options = options;
  }

  /** Returns the changes that a document selects, or why an endpoint of the institution cannot use it. */
  select(document: string, variables: JsonObject, institutionId: Id): SelectedChanges | DocumentIssue {
    const prepared = this.#prepare(document, variables);
    if ('issue' in prepared) return prepared;
    const isOwn = prepared.institutionId === null || prepared.institutionId === institutionId;
    return isOwn ? prepared.selected : issueOf('must not select another institution.');
  }

  /**
   * Returns a function that returns what the document of an endpoint selects of a change, with the rights of a read-only
   * API key of its institution. Its data are null if they are too large, or if the document is no longer valid. It throws
   * StoreError. The calls of one tick read together, so the function is for one batch of changes.
   */
  selector(): (endpoint: WebhookEndpoint, item: StreamItem) => Promise<ExecutionResult['data']> {
    const contexts = new Map<Id, Context>();
    return async (endpoint, item) => {
      const { institutionId } = endpoint;
      const context = contexts.get(institutionId) ?? this.#options.contextOf({ role: 'READ_ONLY', institutionId });
      contexts.set(institutionId, context);
      return this.#dataOf(endpoint, item, context);
    };
  }

  async #dataOf(endpoint: WebhookEndpoint, item: StreamItem, context: Context): Promise<ExecutionResult['data']> {
    const prepared = this.#prepare(endpoint.document, endpoint.variables);
    if ('issue' in prepared) return null;
    const { data, errors = [] } = await execute({
      schema: this.#options.schema,
      document: prepared.document,
      variableValues: prepared.variables,
      rootValue: item,
      contextValue: { ...context, responseSize: new ResponseSize(MAX_RESULT_BYTES) },
    });
    const failure = errors.find(({ originalError }) => originalError instanceof StoreError);
    if (failure?.originalError) throw failure.originalError;
    return data ?? null;
  }

  #prepare(text: string, variables: JsonObject): Prepared | DocumentIssue {
    const key = JSON.stringify([text, variables]);
    let prepared = this.#prepared.get(key);
    if (!prepared) this.#prepared.set(key, (prepared = this.#check(text, variables)));
    return prepared;
  }

  #check(text: string, sent: JsonObject): Prepared | DocumentIssue {
    const { schema, operations } = this.#options;
    const document = this.#parse(text);
    if (document instanceof GraphQLError) return issueOf(`is not valid: ${document.message}`);
    const definitions = document.definitions.filter(({ kind }) => kind === Kind.OPERATION_DEFINITION);
    const operation = definitions.length === 1 ? operationOf(schema, document) : undefined;
    if (!operation) return issueOf('must have exactly one operation.');
    if (operation.kind !== 'subscription') return issueOf('must be a subscription.');
    const requested = requestedOperation(operation, sent, operations);
    if (requested instanceof GraphQLError) return issueOf(`is not valid: ${requested.message}`);
    return requested.variables
      ? preparedOf(operation, requested.variables, sent)
      : variablesIssue(schema, operation, sent);
  }

  /** Returns the parsed and validated document, or its first error. */
  #parse(text: string): DocumentNode | GraphQLError {
    const { schema, documents } = this.#options;
    try {
      const document = parseWithin(documents, text, parse);
      const tooComplex = complexityErrors(documents, document);
      const hideSuggestions = documents.introspection !== 'all';
      const errors =
        tooComplex.length > 0 ? tooComplex : validateDocument(schema, document, specifiedRules, hideSuggestions);
      return errors[0] ?? document;
    } catch (error) {
      if (error instanceof GraphQLError) return error;
      throw error;
    }
  }
}

const issueOf = (issue: string): DocumentIssue => ({ field: 'document', issue });

function variablesIssue(schema: GraphQLSchema, { definition }: Operation, sent: JsonObject): DocumentIssue {
  const { errors } = getVariableValues(schema, definition.variableDefinitions ?? [], sent, { maxErrors: 1 });
  return { field: 'variables', issue: `must fit the document: ${errors?.[0]?.message ?? 'a value is missing'}` };
}

/** Returns the operation with the changes that its only root field selects. */
function preparedOf(operation: Operation, variables: Variables, sent: JsonObject): Prepared | DocumentIssue {
  const { schema, document, definition, variableFacts } = operation;
  const [node] = definition.selectionSet.selections;
  if (node?.kind !== Kind.FIELD) return issueOf('must select its root field without a fragment.');
  const field = schema.getSubscriptionType()?.getFields()[node.name.value];
  const changes = field?.extensions.changes;
  if (!field || !changes) return issueOf('must select a field that delivers changes.');
  const args = getArgumentValues(field, node, variables);
  if (typeof args['after'] === 'string') return issueOf('must not have the argument `after`.');
  const id = (args[changes.argument] as Id | null | undefined) ?? null;
  const selected = { topic: changes.topic, objectId: null, detailId: null, [changes.field]: id };
  return {
    document: variableFacts.isWithinJson ? withJsonValues(operation, variableFacts, sent) : document,
    variables: sent,
    institutionId: (args['institutionId'] as Id | null | undefined) ?? null,
    selected,
  };
}
