/**
 * The types of the result and of the variables of a document. TypedDocumentNode and the documents of code generators and
 * of gql.tada have the same property, which exists in types only.
 */
export interface DocumentTypes<T, V> {
  readonly __apiType?: (variables: V) => T;
}

/** The text of a document with one operation, with the types of its result and variables. */
export type TypedDocument<T, V> = string & DocumentTypes<T, V>;

/** A text: a string, or the String object that code generators make in their mode "string". */
interface Text {
  charAt(index: number): string;
  toString(): string;
}

/**
 * What the client executes: the text of a document with one operation, typed or not. A parsed document (DocumentNode)
 * must be printed first, so that the client does not need the package graphql.
 */
export type ClientDocument<T, V> = Text & DocumentTypes<T, V>;

/** The arguments after the document: variables may be left out if all of them are optional. */
export type Arguments<V, O> =
  Record<string, never> extends V ? readonly [variables?: V, options?: O] : readonly [variables: V, options?: O];
