// The generated file of trusted documents: those of the package's client.
import { sha256 } from '../src/server/trustedDocuments.ts';

/** A document as `plainDocuments` writes it. */
const DOCUMENT = /^ {2}'([^']*)' as TypedDocument</gm;

/** Returns the documents of a generated module by their SHA-256, as the server reads them. */
export function trustedDocuments(documentsModule: string): string {
  const texts = [...documentsModule.matchAll(DOCUMENT)].map(([, text = '']) => text);
  const byHash = Object.fromEntries(texts.map((text) => [`sha256:${sha256(text)}`, text]));
  return `${JSON.stringify(byHash, null, 2)}\n`;
}
