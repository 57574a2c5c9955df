import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { HANG_MS } from '../counts.ts';
import { installOnce } from '../support/npm.ts';

const folder = fileURLToPath(new URL('lint', import.meta.url));
const schemaFile = fileURLToPath(new URL('../../schema.graphql', import.meta.url));

/** Returns the findings of graphql-eslint in a schema, one per line. */
function findings(file: string): string {
  const { stdout, stderr } = spawnSync(process.execPath, [join(folder, 'lint.js'), file], { encoding: 'utf8' });
  return stdout + stderr;
}

const isInstalled = await installOnce(folder, 'the lint rules of the schema');

describe.skipIf(!isInstalled)('graphql-eslint', { timeout: HANG_MS.longTest }, () => {
  it('the rules for schemas find nothing in schema.graphql', () => {
    expect(findings(schemaFile)).toBe('');
  });

  it('the rules find bad names, missing descriptions and connections without page information', () => {
    const empty = mkdtempSync(join(tmpdir(), 'schema-'));
    onTestFinished(() => rmSync(empty, { recursive: true }));
    const file = join(empty, 'schema.graphql');
    writeFileSync(file, 'type Query { Bad_name: ThingConnection }\ntype ThingConnection { edges: [Int] }\n');
    const found = findings(file);
    for (const rule of ['naming-convention', 'require-description', 'relay-connection-types']) {
      expect(found).toContain(`@graphql-eslint/${rule}: `);
    }
  });
});
