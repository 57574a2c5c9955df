import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { normalize } from 'node:path/posix';
import { isInterfaceType, isObjectType, parse, validate } from 'graphql';
import { describe, expect, it } from 'vitest';
import { schema } from '../../src/schema/index.ts';
import { codeBlocks, DOCUMENTS, ROOT_FOLDER } from '../support/documents.ts';

const withoutCode = (markdown: string): string => markdown.replaceAll(/^```.*?^```/gms, '');

/** Returns the anchors of a document as GitHub derives them from its headings. */
const anchorsOf = (markdown: string): ReadonlySet<string> =>
  new Set(
    [...withoutCode(markdown).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replaceAll(' ', '-'),
    ),
  );

interface Link {
  readonly from: string;
  /** The target within the project, relative to its root. */
  readonly path: string;
  readonly anchor: string | undefined;
}

const LINKS: readonly Link[] = [...DOCUMENTS].flatMap(([from, markdown]) =>
  [...withoutCode(markdown).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = '']) => {
    if (/^[a-z]+:/.test(target)) return [];
    const [file = '', anchor] = target.split('#');
    return { from, path: file === '' ? from : normalize(join(from, '..', file)), anchor };
  }),
);

describe('the links of the documents', () => {
  it('lead to files that exist', () => {
    expect(LINKS.filter(({ path }) => !existsSync(join(ROOT_FOLDER, path)))).toEqual([]);
    expect(LINKS.length).toBeGreaterThan(40);
  });

  it('lead to headings that exist', () => {
    const withAnchor = LINKS.filter(({ anchor }) => anchor !== undefined);
    const dead = withAnchor.filter(({ path, anchor = '' }) => !anchorsOf(DOCUMENTS.get(path) ?? '').has(anchor));
    expect(dead).toEqual([]);
    expect(withAnchor.length).toBeGreaterThan(20);
  });

  it('lead from the README to every document', () => {
    const reached = new Set(['README.md']);
    for (const from of reached) for (const link of LINKS) if (link.from === from) reached.add(link.path);
    expect([...DOCUMENTS.keys()].filter((path) => !reached.has(path))).toEqual([]);
  });
});

it('keeps the README at 200 lines or fewer', () => {
  expect((DOCUMENTS.get('README.md') ?? '').split('\n').length - 1).toBeLessThanOrEqual(200);
});

it('names files and folders that exist', () => {
  const guides = [...DOCUMENTS].filter(([path]) => /^docs\/(architecture|decisions)/.test(path));
  const named = guides.flatMap(([from, markdown]) =>
    [...withoutCode(markdown).matchAll(/`((?:\w+\/)+[\w./-]*|\w+(?:\.test)?\.ts)`/g)].map(([, path = '']) => ({
      from,
      path,
    })),
  );
  const unknown = named.filter(({ path }) => !['', 'src'].some((base) => existsSync(join(ROOT_FOLDER, base, path))));
  expect(unknown).toEqual([]);
  expect(named.length).toBeGreaterThan(20);
});

describe('the examples in the documents', () => {
  const blocksIn = (language: string): readonly (readonly [path: string, code: string])[] =>
    [...DOCUMENTS].flatMap(([path, markdown]) => codeBlocks(markdown, language).map((code) => [path, code] as const));

  it('are valid GraphQL documents', () => {
    const examples = blocksIn('graphql');
    const errors = examples.flatMap(([path, code]) =>
      validate(schema, parse(code)).map(({ message }) => `${path}: ${message}`),
    );
    expect(errors).toEqual([]);
    expect(examples.length).toBeGreaterThan(5);
  });

  it('are valid shell scripts', () => {
    const examples = blocksIn('sh');
    for (const [path, code] of examples) {
      const { status, stderr } = spawnSync('sh', ['-n', '-c', code], { encoding: 'utf8' });
      expect([path, status, stderr]).toEqual([path, 0, '']);
    }
    expect(examples.length).toBeGreaterThan(8);
  });

  it('use scripts of package.json', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT_FOLDER, 'package.json'), 'utf8')) as {
      readonly scripts: Readonly<Record<string, string>>;
    };
    const used = [...DOCUMENTS.values()].flatMap((text) =>
      [...text.matchAll(/\bnpm (?:run ([\w:]+)|(start|test)\b)/g)].map(([, run, short]) => run ?? short ?? ''),
    );
    expect(used.filter((name) => !(name in scripts))).toEqual([]);
    expect(new Set(used).size).toBeGreaterThan(8);
  });

  it('name fields that their types have', () => {
    const guides = ['docs/api.md', 'docs/live.md'].map((path) => DOCUMENTS.get(path)).join('\n');
    const named = [...withoutCode(guides).matchAll(/`([A-Z]\w+)\.(\w+)`/g)];
    const unknown = named.filter(([, typeName = '', field = '']) => {
      const type = schema.getType(typeName);
      return !(isObjectType(type) || isInterfaceType(type)) || !(field in type.getFields());
    });
    expect(unknown.map(([text]) => text)).toEqual([]);
    expect(named.length).toBeGreaterThan(2);
  });
});
