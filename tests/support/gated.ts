/**
 * The real stores, stopped before one of their operations: what runs there goes on once it is let go. Operations within a
 * transaction are not stopped at: others would wait for its locks.
 */
import type { Collection, Db } from 'mongodb';
import { Artifacts } from '../../src/stores/artifacts';
import { Audit } from '../../src/stores/audit';
import { storeConfig } from '../../src/stores/config';
import type { Stores } from '../../src/stores/connect';
import { Facts } from '../../src/stores/facts';
import type { OwnStores } from './own-stores';
import { behind, raw } from './raw-records';

export interface Gate {
  readonly stores: Stores;
  /** Resolves when the n-th operation is about to begin; undefined if the work ended before. */
  stopped(work: Promise<unknown>): Promise<string | undefined>;
  letGo(): void;
}

const OF_COLLECTION = [
  'findOne',
  'updateOne',
  'updateMany',
  'findOneAndUpdate',
  'deleteOne',
  'deleteMany',
  'insertOne',
];
const OF_BUCKET = ['putNew', 'bytesOf', 'remove'] as const;

/** @param n counted from 1 */
export function gated(system: OwnStores, n: number): Gate {
  let count = 0;
  let letGo = (): void => undefined;
  let stop: (what: string) => void = () => undefined;
  const open = new Promise<void>((resolve) => (letGo = resolve));
  const stopped = new Promise<string>((resolve) => (stop = resolve));
  const pass = async (what: string): Promise<void> => {
    count += 1;
    if (count !== n) return;
    stop(what);
    await open;
  };
  const db = gatedDb(raw(system.stores).db, pass);
  const store = behind(system.stores, db);
  const artifacts = new Artifacts(store, storeConfig(system.env).s3);
  const bucket = artifacts.bucket as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
  for (const method of OF_BUCKET) {
    const plain = bucket[method]!.bind(artifacts.bucket);
    bucket[method] = async (...args) => {
      await pass(`bucket.${method}`);
      return plain(...args);
    };
  }
  const audit = new Audit(store, artifacts);
  const facts = new Facts(store, artifacts, audit);
  return {
    stores: { ...store, artifacts, audit, facts },
    stopped: (work) => Promise.race([stopped, work.then(() => undefined)]),
    letGo: () => letGo(),
  };
}

type Pass = (what: string) => Promise<void>;

function gatedDb(db: Db, pass: Pass): Db {
  return new Proxy(db, {
    get: (target, name) => {
      if (name === 'collection') return (of: string) => gatedCollection(target.collection(of), of, pass);
      if (name === 'command')
        return async (command: object) => {
          await pass('command');
          return target.command(command);
        };
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

function gatedCollection(collection: Collection, of: string, pass: Pass): Collection {
  return new Proxy(collection, {
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      const plain = value.bind(target) as (...args: unknown[]) => unknown;
      if (typeof name !== 'string' || !OF_COLLECTION.includes(name)) return plain;
      return async (...args: unknown[]) => {
        const inTransaction = args.some((arg) => typeof arg === 'object' && arg !== null && 'session' in arg);
        if (!inTransaction) await pass(`${of}.${name}`);
        return plain(...args);
      };
    },
  });
}
