/**
 * What records need: from a record along those that it was made from to the bytes that they name. Whoever makes a record
 * needed again (a rollout, a hold) renews these bytes first and writes its own record afterwards: so housekeeping, which
 * reads who needs what, and then takes only bytes that nobody touched since long before, meets either the one or the other.
 */
import { digestsIn, type KeptBecause } from '../domain/housekeeping';
import { type Digest, FACT_KINDS, type FactKind } from '../domain/refs';
import type { Stores } from './connect';
import { nodeOf } from './facts';
import { factHeads, facts, type Store } from './mongo';
import { reportsOf } from './reports';
import { findRequests } from './requests';

export interface Root {
  readonly kind: FactKind;
  readonly id: string;
  readonly why: KeptBecause;
  /**
   * `whole`: all that it was made from, and quarantined rows. `own`: what serving, judging and making it again needs; not
   * a snapshot's parent, whose rows it has, nor who an evaluation compared with, nor quarantined rows.
   */
  readonly how: 'whole' | 'own';
}

export type Needed = Pick<Root, 'kind' | 'id' | 'why'> & { readonly quarantine: boolean };

const BATCH = 500;

/** The records that the roots need, themselves too, by `<kind>:<id>`; each with the reason of the first root that does. */
export async function neededRecords(store: Store, roots: readonly Root[]): Promise<ReadonlyMap<string, Needed>> {
  const needed = new Map<string, Needed>();
  // What is needed with more comes first, so that a record is visited once.
  for (const how of ['whole', 'own'] as const) {
    let next = roots.filter((root) => root.how === how);
    while (next.length > 0) {
      const fresh: Root[] = [];
      for (const root of next) {
        const { kind, id, why } = root;
        if (needed.has(nodeOf(root))) continue;
        needed.set(nodeOf(root), { kind, id, why, quarantine: how === 'whole' });
        fresh.push(root);
      }
      next = await followed(store, fresh);
    }
  }
  return needed;
}

async function followed(store: Store, roots: readonly Root[]): Promise<Root[]> {
  const next: Root[] = [];
  for (const kind of new Set(roots.map((root) => root.kind))) {
    const ofKind = new Map(roots.filter((root) => root.kind === kind).map((root) => [root.id, root]));
    const follow = [...ofKind.values()].filter(
      ({ how }) => how === 'whole' || (kind !== 'snapshot' && kind !== 'evaluation')
    );
    for (const ids of chunks(follow.map(({ id }) => id))) {
      const found = factHeads(store, kind).find({ _id: { $in: ids } }, { projection: { inputs: 1, 'body.run.id': 1 } });
      const runs = new Map<string, Root>();
      for await (const fact of found) {
        const { _id, inputs = [], body } = fact as unknown as Linked;
        const from = ofKind.get(_id) as Root;
        for (const input of inputs) next.push({ ...from, kind: input.kind, id: input.id });
        if (kind === 'version' && body?.run !== undefined) runs.set(body.run.id, from);
      }
      if (kind === 'version') next.push(...(await evaluationsOf(store, ofKind, runs)));
    }
    if (kind === 'snapshot' || kind === 'evaluation') next.push(...(await pagesOf(store, ofKind)));
  }
  return next;
}

interface Linked {
  readonly _id: string;
  readonly inputs?: readonly { readonly kind: FactKind; readonly id: string }[];
  readonly body?: { readonly run?: { readonly id: string } };
}

/** A version is judged by the reference of its evaluation: the one that people were asked about, or any of its run. */
async function evaluationsOf(
  store: Store,
  versions: ReadonlyMap<string, Root>,
  runs: ReadonlyMap<string, Root>
): Promise<Root[]> {
  const found: Root[] = [];
  for (const { _id, about = [] } of await findRequests(store, [...versions.keys()]))
    for (const { kind, id } of about)
      if (kind === 'evaluation') found.push({ ...(versions.get(_id) as Root), kind, id });
  const ofRuns = facts(store, 'evaluation').find({ 'body.run.id': { $in: [...runs.keys()] } } as never, {
    projection: { 'body.run.id': 1 },
  });
  for await (const { _id, body } of ofRuns) {
    const from = runs.get(body.run.id);
    if (from !== undefined) found.push({ ...from, kind: 'evaluation', id: _id });
  }
  return found;
}

/** A page stays as long as its record does. */
async function pagesOf(store: Store, records: ReadonlyMap<string, Root>): Promise<Root[]> {
  const found: Root[] = [];
  for (const ids of chunks([...records.keys()]))
    for (const { id, of } of await reportsOf(store, ids))
      found.push({ ...(records.get(of) as Root), kind: 'report', id });
  return found;
}

/** All records of a kind by id, with what of them names bytes. */
export function recordsWithBytes(
  store: Store,
  kind: FactKind,
  ids?: readonly string[]
): AsyncIterable<{ _id: string }> {
  const projection = {
    artifacts: 1,
    ...Object.fromEntries(
      ['shards.name', 'shards.digest', 'removed', 'quarantine', 'files.digest', 'model'].map((field) => [
        `body.${field}`,
        1,
      ])
    ),
  };
  const filter = ids === undefined ? {} : { _id: { $in: [...ids] } };
  return factHeads(store, kind).find(filter, { projection }).sort({ _id: 1 });
}

/** The bytes that these records need. */
export async function bytesOf(store: Store, needed: Iterable<Needed>): Promise<ReadonlySet<Digest>> {
  const digests = new Set<Digest>();
  const all = [...needed];
  for (const kind of FACT_KINDS) {
    const ofKind = new Map(all.filter((one) => one.kind === kind).map((one) => [one.id, one]));
    for (const ids of chunks([...ofKind.keys()])) {
      for await (const { _id, ...content } of recordsWithBytes(store, kind, ids))
        for (const { digest, quarantine } of digestsIn(content))
          if (!quarantine || ofKind.get(_id)?.quarantine === true) digests.add(digest);
    }
  }
  return digests;
}

/**
 * Renews all bytes that these roots need, before a record that makes them needed is written.
 * @returns those that housekeeping has taken already
 */
export async function renewNeeded(stores: Stores, roots: readonly Root[]): Promise<readonly Digest[]> {
  const needed = await neededRecords(stores, roots);
  const taken: Digest[] = [];
  for (const digests of chunks([...(await bytesOf(stores, needed.values()))])) {
    if (await stores.artifacts.renew(digests)) continue;
    for (const [digest, document] of await stores.artifacts.notLive(digests))
      if (document?.taken !== undefined) taken.push(digest);
  }
  return taken;
}

export function* chunks<T>(all: readonly T[], size = BATCH): Generator<T[]> {
  for (let at = 0; at < all.length; at += size) yield all.slice(at, at + size);
}
