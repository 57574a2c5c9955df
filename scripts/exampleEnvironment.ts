/** One row of the tables of settings in docs/operations.md. */
export interface Setting {
  readonly name: string;
  /** The heading of its table. */
  readonly group: string;
  /** The default, as the variable would be set, or undefined if there is none or it depends on the machine. */
  readonly default: string | undefined;
  /** The default in production, if it differs. */
  readonly inProduction: string | undefined;
  /** The allowed values, as text for people. */
  readonly values: string;
  readonly meaning: string;
}

const ROW = /^\| `([A-Z_]+)` +\| (.+?) +\| (.+?) +\| (.+?) +\|$/;

/** Reads the tables of settings, which are the only place where they are described. */
export function readSettings(operationsDocument: string): readonly Setting[] {
  let group = '';
  return operationsDocument.split('\n').flatMap((line) => {
    group = /^### (.+)$/.exec(line)?.[1] ?? group;
    const [, name, defaultText, values, meaning] = ROW.exec(line) ?? [];
    if (name === undefined || defaultText === undefined || values === undefined || meaning === undefined) return [];
    const inProduction = /, in production (?:`([^`]*)`|empty)/.exec(defaultText);
    return {
      name,
      group,
      default: /^`([^`]*)`/.exec(defaultText)?.[1],
      inProduction: inProduction ? (inProduction[1] ?? '') : undefined,
      values,
      meaning,
    };
  });
}

const HEADER = `# Every setting with its default. Copy this file to .env and remove the "# " before a line that you want to change.
# Generated from docs/operations.md by \`npm run generate\`.
`;

/** Returns the text of .env.example: the settings as comments, so that a copy of the file changes nothing. */
export function exampleEnvironment(settings: readonly Setting[]): string {
  const lines = settings.map((setting, index) => {
    const heading = setting.group === settings[index - 1]?.group ? '' : `\n## ${setting.group}\n`;
    const inProduction = setting.inProduction === undefined ? '' : ` In production ${setting.inProduction || 'empty'}.`;
    const comment = `${textOf(setting.meaning)} Values: ${textOf(setting.values)}.${inProduction}`;
    return `${heading}\n# ${comment}\n# ${setting.name}=${setting.default ?? ''}\n`;
  });
  return `${HEADER}${lines.join('')}`;
}

/** Removes code quotes and links from a cell. */
const textOf = (cell: string): string => cell.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll('`', '');
