import { type DocumentNode, Kind, visit } from 'graphql';
import { ownText } from '../../domain/text.ts';

/** Shorter documents use less memory than what is stored with any of their texts. */
const LONG_DOCUMENT_UNITS = 2_000;

/**
 * Copies the texts of a long document. The parser slices them from the document, so whatever stores one, such as a
 * label of 20 characters, would keep the whole document in memory.
 */
export function withOwnTexts(document: DocumentNode, source: string): DocumentNode {
  if (source.length < LONG_DOCUMENT_UNITS) return document;
  return visit(document, { [Kind.STRING]: (node) => ({ ...node, value: ownText(node.value) }) });
}
