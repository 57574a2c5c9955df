import { type DataSize, firstInstitutionOf, writeSizedData } from '../demo/sizedData.ts';
import { CommandError } from './commandError.ts';
import { withDatabase } from './databaseCommand.ts';
import { createProgress } from './progress.ts';

/** Writes sample data, the same for equal options, and prints what was written. */
export function seedStore(size: DataSize): Promise<void> {
  return withDatabase(async (store) => {
    const id = firstInstitutionOf(size.seed);
    const [existing] = await store.read('ALL').institutions.byIds([id]);
    if (existing) {
      throw new CommandError(`The store already has data of the seed ${size.seed}. Choose another one with --seed.`);
    }
    const progress = createProgress('positions written');
    await writeSizedData(store, size, progress.report);
    progress.end();
    const { institutions, positions, chatSessions, messages } = size;
    process.stdout.write(
      `Wrote ${institutions} institutions, each with ${positions} positions and ${chatSessions} chat sessions of ` +
        `${messages} messages. The first institution is ${id}.\n`,
    );
  });
}
