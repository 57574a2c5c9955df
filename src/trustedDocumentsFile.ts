import { readFileSync } from 'node:fs';
import { type Config, ConfigurationError } from './config.ts';
import { bareHash, sha256, type TrustedDocuments } from './server/trustedDocuments.ts';

/**
 * Reads the file of trusted documents: a JSON object of texts by their SHA-256, as the code generators of clients write
 * it, with or without "sha256:" before the hash. Throws ConfigurationError if the file is not such an object, or if a
 * text has another hash.
 */
export function readTrustedDocuments({ file, only }: Config['trustedDocuments']): TrustedDocuments {
  if (file === null && !only) return { texts: new Map(), only };
  const refuse = (why: string): never => {
    throw new ConfigurationError(`The configuration is wrong:\n- TRUSTED_DOCUMENTS ${why}`);
  };
  if (file === null) return refuse('must name a file where TRUSTED_DOCUMENTS_ONLY is true.');
  let read: unknown;
  try {
    read = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return refuse('must name a file of JSON.');
  }
  const texts = new Map<string, string>();
  const isObject = typeof read === 'object' && read !== null && !Array.isArray(read);
  const entries = Object.entries(isObject ? (read as Readonly<Record<string, unknown>>) : { '': null });
  for (const [name, text] of entries) {
    const hash = bareHash(name);
    if (typeof text !== 'string' || sha256(text) !== hash) {
      return refuse('must hold texts by their SHA-256 in hexadecimal.');
    }
    texts.set(hash, text);
  }
  return { texts, only };
}
