import { type Collection, MongoBulkWriteError } from 'mongodb';

const DUPLICATE_KEY = 11000;

/** Unordered, and what is there already stays as it is; the positions of those. */
export async function insertNew<T extends { readonly _id: string }>(
  collection: Collection<T>,
  records: readonly T[]
): Promise<readonly number[]> {
  if (records.length === 0) return [];
  try {
    await collection.insertMany(records as never, { ordered: false });
    return [];
  } catch (error) {
    if (!(error instanceof MongoBulkWriteError)) throw error;
    const failures = [error.writeErrors].flat();
    const onlyDuplicates = failures.length > 0 && failures.every(({ code }) => code === DUPLICATE_KEY);
    // A write that the majority has not confirmed isn't stored yet, whatever else went well.
    if (!onlyDuplicates || error.result.getWriteConcernError() !== undefined) throw error;
    return failures.map(({ index }) => index);
  }
}
