import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { LONGEST } from './longestFiles.ts';

/** Starts the longest files first, after those that share no program and before those that need no server. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const { root } = this.ctx.config;
    const rankOf = ({ moduleId, project }: TestSpecification): number => {
      if (project.name === 'isolated') return -1;
      if (project.name === 'domain') return LONGEST.length + 1;
      const index = LONGEST.indexOf(relative(root, moduleId));
      return index < 0 ? LONGEST.length : index;
    };
    // oxlint-disable-next-line unicorn/no-array-sort -- This is vitest's method, not that of an array.
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => rankOf(a) - rankOf(b));
  }
}
