/** Opens MongoDB for those who check and prepare nothing: readers and replicas. Nothing is asked for until the first question. */
import { MONGO, openMongo, type Store } from './mongo';
import type { StoreConfig } from './config';

export type { Store } from './mongo';

export interface OpenOptions {
  /** As MongoDB's log shows it. */
  readonly appName: string;
  /** Until an operation fails because no server is found or reached. */
  readonly reachMs: number;
  /** Until one fails because the server is silent; default: never. */
  readonly silenceMs?: number;
  /** False where the caller tries again by itself, and should know soon. Default true. */
  readonly retries?: boolean;
}

export interface OpenedStore extends Store {
  /** Rejects with what keeps it from MongoDB; of several operations at once only the first one would say. */
  connect(): Promise<void>;
  /** `force`: ends what is going on, too. */
  close(force?: boolean): Promise<void>;
}

export function openStore(config: StoreConfig, options: OpenOptions): OpenedStore {
  const { appName, reachMs, silenceMs, retries = true } = options;
  const mongo = openMongo(config, {
    appName,
    writeConcern: { w: 'majority', journal: true },
    serverSelectionTimeoutMS: reachMs,
    connectTimeoutMS: reachMs,
    ...(silenceMs === undefined ? {} : { socketTimeoutMS: silenceMs }),
    retryReads: retries,
    retryWrites: retries,
  });
  return {
    [MONGO]: mongo,
    connect: async () => void (await mongo.client.connect()),
    close: (force = false) => mongo.client.close(force),
  };
}
