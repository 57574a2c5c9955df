import { type DocumentNode, Kind, visit } from 'graphql';
import { ownText } from '../../domain/text.ts';

/** Shorter documents cost less memory than what is stored with any of their texts. */
const LONG_DOCUMENT_UNITS = 2_000;

/**
 * Copies the texts of a long document. The parser cuts them out of the document, so whatever is stored of them, such as
 * a label of 20 characters, would keep the whole document in memory.
 */
export function withOwnTexts(document: DocumentNode, source: string): DocumentNode {
  if (source.length < LONG_DOCUMENT_UNITS) return document;
  return visit(document, { [Kind.STRING]: (node) => ({ ...node, value: ownText(node.value) }) });
}
