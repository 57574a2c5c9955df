// The generated files of src/client: its typed documents, and what it knows of the schema.
import { type GraphQLSchema, getNamedType, isAbstractType, isInputObjectType, stripIgnoredCharacters } from 'graphql';

/** A document as the preset writes it: the text and, for a fragment, its name. */
const DOCUMENT =
  /^export const (\w+) = new TypedDocumentString\(`([^`]*)`(, \{"fragmentName":.*\})?\) as unknown as TypedDocumentString<(.*)>;$/gm;
const CLASS = /^export class TypedDocumentString[^]*?^\}\n/m;
const INCREMENTAL = /^.*\nexport type Incremental<.*\n/m;
const IMPORT = "import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';";

/**
 * Returns the preset's file with documents that are plain strings: they need no class, and a bundler leaves out those
 * that a program does not use.
 */
export function plainDocuments(text: string): string {
  const result = text
    .replace(IMPORT, "import type { TypedDocument } from '../typedDocument.ts';\n")
    .replace(CLASS, '')
    .replace(INCREMENTAL, '')
    .replace(DOCUMENT, (_line, name: string, document: string, fragment: string | undefined, types: string) =>
      fragment === undefined
        ? `export const ${name} =\n  '${stripIgnoredCharacters(document)}' as TypedDocument<${types}>;`
        : '',
    );
  if (result.includes('TypedDocumentString')) throw new Error('The format of the typed documents has changed.');
  return `${result.trimEnd()}\n`;
}

/** Returns the file with the parts of the schema that the client needs at run time. */
export function schemaFacts(schema: GraphQLSchema): string {
  const abstract = Object.values(schema.getTypeMap()).filter(
    (type) => isAbstractType(type) && !type.name.startsWith('__'),
  );
  const possibleTypes = abstract.flatMap((type) =>
    isAbstractType(type) ? [[type.name, schema.getPossibleTypes(type).map(({ name }) => name)] as const] : [],
  );
  const mutations = Object.values(schema.getMutationType()?.getFields() ?? {}).filter(({ args }) =>
    args.some((argument) => {
      const type = getNamedType(argument.type);
      return isInputObjectType(type) && 'idempotencyKey' in type.getFields();
    }),
  );
  return [
    '/** The object types of each interface and union, for the `possibleTypes` of Apollo Client. */',
    `export const possibleTypes: Readonly<Record<string, readonly string[]>> = ${JSON.stringify(Object.fromEntries(possibleTypes), null, 2)};`,
    '',
    '/** The mutations that take an idempotency key. */',
    `export const IDEMPOTENT_MUTATIONS: readonly string[] = ${JSON.stringify(
      mutations.map(({ name }) => name),
      null,
      2,
    )};`,
    '',
  ].join('\n');
}
