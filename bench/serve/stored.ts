/** Whether our server keeps what it promises: MongoDB's own count of records, against the rows that were answered. */
import { storeConfig } from '../../src/stores/config';
import { connectStores } from '../../src/stores/connect';
import { raw } from '../../tests/support/raw-records';
import { ownEnvironment } from '../steps/own-stores';

export interface Stored {
  /**
   * Resolves when as many more rows are on record.
   * @throws when they don't come, or more than these do
   */
  more(rows: number): Promise<void>;
  close(): Promise<void>;
}

const LOOK_MS = 10;
/** Since the last new record. */
const PATIENCE_MS = 10_000;

/** @param endpoint one that has no record yet */
export async function openStored(endpoint: string): Promise<Stored> {
  const stores = await connectStores(storeConfig(ownEnvironment()));
  const records = raw(stores).db.collection(`predictions.${endpoint}`);
  let wanted = 0;
  return {
    more: async (rows) => {
      wanted += rows;
      let found = -1;
      for (let changed = Date.now(); ; ) {
        const now = await records.estimatedDocumentCount();
        if (now === wanted) return;
        if (now !== found) changed = Date.now();
        found = now;
        if (found > wanted || Date.now() - changed > PATIENCE_MS) {
          throw new Error(`${wanted} rows were answered, ${found} are on record`);
        }
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      }
    },
    close: () => stores.close(),
  };
}
