import { parseEnv } from 'node:util';

/** The variables of a .env file, and its problems: one sentence each, with the line number. */
export interface EnvFile {
  readonly variables: Readonly<Record<string, string>>;
  readonly problems: readonly string[];
}

const BYTE_ORDER_MARK = /^\uFEFF/;
const BLANK_OR_COMMENT = /[ \t]*(?:#[^\n]*)?(?:\n|$)/y;
/** NAME=value with an optional `export`. A quoted value may span several lines; only a comment may follow it. */
const ASSIGNMENT =
  /[ \t]*(?:export[ \t]+)?(([A-Za-z_]\w*)[ \t]*=[ \t]*(?:("[^"]*"|'[^']*'|`[^`]*`)[ \t]*(?:#[^\n]*)?|(?!["'`])[^\n]*))(?:\n|$)/y;
/** Characters that an editor may show as the end of a line, so that what follows looks like a line of its own. */
const NOT_TEXT = /[^\P{Cc}\t\n\0]|[\u2028\u2029]/u;
const NAME_OF_LINE = /^[ \t]*(?:export[ \t]+)?([^=\n]*?)[ \t]*=/;

/**
 * Parses the text of a .env file. Node's own parser skips lines that it cannot read and keeps a byte order mark as
 * part of the first name, so each line is checked here and only values are left to it. A line that is neither blank,
 * a comment nor an assignment is a problem, and so is a name that differs from a known one only by case or by
 * invisible characters: the variable would silently keep its default.
 */
export function parseEnvFile(text: string, knownNames: ReadonlySet<string>): EnvFile {
  const source = text.replace(BYTE_ORDER_MARK, '').replaceAll(/\r\n?/g, '\n');
  const variables: Record<string, string> = {};
  const problems: string[] = [];
  for (let position = 0, line = 1; position < source.length; ) {
    const assignment = matchAt(ASSIGNMENT, source, position);
    const entry = assignment?.[0] ?? matchAt(BLANK_OR_COMMENT, source, position)?.[0] ?? restOfLine(source, position);
    const problem = problemOf(entry, assignment?.[2], knownNames);
    if (problem !== undefined) problems.push(`Line ${line} ${problem}`);
    else if (assignment) Object.assign(variables, parseEnv(assignment[1] ?? ''));
    position += entry.length;
    line += entry.split('\n').length - 1;
  }
  return { variables, problems };
}

function matchAt(pattern: RegExp, text: string, position: number): RegExpExecArray | null {
  pattern.lastIndex = position;
  return pattern.exec(text);
}

function restOfLine(text: string, position: number): string {
  const end = text.indexOf('\n', position);
  return end < 0 ? text.slice(position) : text.slice(position, end + 1);
}

function problemOf(entry: string, name: string | undefined, knownNames: ReadonlySet<string>): string | undefined {
  if (NOT_TEXT.test(entry)) return 'contains a control character or another line separator than a line feed.';
  if (/[\0\uFFFD]/.test(entry)) return 'contains a character that is not UTF-8 text; save the file as UTF-8.';
  if (entry.trim() === '' || entry.trimStart().startsWith('#')) return undefined;
  const written = name ?? NAME_OF_LINE.exec(entry)?.[1] ?? '';
  const meant = written
    .normalize('NFKC')
    .replaceAll(/[\p{C}\p{Z}]/gu, '')
    .toUpperCase();
  if (written !== meant && knownNames.has(meant)) return `must spell the variable exactly as ${meant}.`;
  return name === undefined
    ? 'is neither blank, a comment, nor NAME=value; close its quotes if it has any.'
    : undefined;
}
