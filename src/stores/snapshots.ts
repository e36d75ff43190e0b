/** What a snapshot is made of, and what decides whether it can grow. */
import { madeOfSnapshots } from '../domain/made-of';
import type { Fact } from '../domain/records';
import type { Digest, Ref } from '../domain/refs';
import type { Stores } from './connect';
import { factHeads, type Store } from './mongo';

export interface SnapshotHead {
  readonly ref: Ref<'snapshot'>;
  readonly rowsOf: Digest;
  readonly asOf: string;
  /** The one that it grew from. */
  readonly parent?: Ref<'snapshot'>;
  /** Ids of the snapshots that its statement or join read; neither the one that it grew from nor the one that it was judged beside. */
  readonly madeOf: readonly string[];
}

/** Without its body, which may be large; undefined where there is none. */
export async function snapshotHead(store: Store, id: string): Promise<SnapshotHead | undefined> {
  const fields = ['rowsOf', 'asOf', 'parent', 'judgedBeside'].map((field) => [`body.${field}`, 1]);
  const projection = { digest: 1, inputs: 1, ...Object.fromEntries(fields) };
  const found = (await factHeads(store, 'snapshot').findOne(
    { _id: id },
    { projection }
  )) as unknown as Fact<'snapshot'> | null;
  if (found === null) return undefined;
  const { digest, inputs, body } = found;
  const { rowsOf, asOf, parent } = body;
  const madeOf = madeOfSnapshots({ inputs, body }).map(({ id: each }) => each);
  return { ref: { kind: 'snapshot', id, digest }, rowsOf, asOf, ...(parent === undefined ? {} : { parent }), madeOf };
}

/**
 * The snapshot and those that it is made of, itself first, at any distance: those that statements and joins read, not the ones that
 * they grew from. What is not there is left out.
 */
export async function headsMadeOf(store: Store, id: string): Promise<SnapshotHead[]> {
  const found = new Map<string, SnapshotHead>();
  for (let next: readonly string[] = [id]; next.length > 0; ) {
    const heads = await Promise.all(next.filter((each) => !found.has(each)).map((each) => snapshotHead(store, each)));
    const fresh = heads.filter((head) => head !== undefined);
    for (const head of fresh) found.set(head.ref.id, head);
    next = fresh.flatMap(({ madeOf }) => madeOf);
  }
  return [...found.values()];
}

/** The same with their bodies; the snapshot itself is the first. @throws MlopsError MLOPS_RECORD_MISSING: one of them is not there */
export async function snapshotsMadeOf(stores: Stores, id: string): Promise<[Fact<'snapshot'>, ...Fact<'snapshot'>[]]> {
  const heads = await headsMadeOf(stores, id);
  // By what they name, so that one that is not there fails.
  const others = new Set(heads.flatMap(({ madeOf }) => madeOf));
  const found = (each: string) => stores.facts.get({ kind: 'snapshot', id: each });
  return Promise.all([found(id), ...[...others].map(found)]);
}
