/** What the records say of each artifact. One pass over all records; memory grows with the number of artifacts alone. */
import { type BytesOf, digestsIn, type RetentionMs, type Standing } from '../../domain/housekeeping';
import { type Digest, FACT_KINDS, type FactKind } from '../../domain/refs';
import { allCheckpoints } from '../../stores/checkpoints';
import type { Stores } from '../../stores/connect';
import { nodeOf } from '../../stores/facts';
import { neededRecords, recordsWithBytes } from '../../stores/needs';
import { importedBytes, rootsAt } from './roots';

const WHAT = {
  snapshot: 'snapshot',
  report: 'page',
  labelSet: 'label set',
  featureSet: 'feature set',
  trial: 'another record',
  winner: 'another record',
  run: 'model',
  version: 'model',
  evaluation: 'evaluation',
  definition: 'another record',
  decision: 'another record',
  window: 'another record',
} as const satisfies Readonly<Record<FactKind, BytesOf>>;

const UNNAMED: Standing = { what: 'no record' };

export class Standings {
  readonly #byDigest: ReadonlyMap<Digest, Standing>;

  private constructor(byDigest: ReadonlyMap<Digest, Standing>) {
    this.#byDigest = byDigest;
  }

  static async at(stores: Stores, nowMs: number, retention: RetentionMs): Promise<Standings> {
    // Before the records: an import that comes to its end meanwhile is found among them.
    const imported = await importedBytes(stores);
    const needed = await neededRecords(stores, await rootsAt(stores, nowMs, retention));
    const byDigest = new Map<Digest, Standing>();
    const add = (digest: Digest, standing: Standing): void => {
      const before = byDigest.get(digest);
      if (before === undefined || outweighs(standing, before)) byDigest.set(digest, standing);
    };
    for (const kind of FACT_KINDS) {
      for await (const { _id: id, ...content } of recordsWithBytes(stores, kind)) {
        const by = needed.get(nodeOf({ kind, id }));
        for (const { digest, quarantine } of digestsIn(content)) {
          const kept = by !== undefined && (!quarantine || by.quarantine) ? { kept: by.why } : {};
          add(digest, { what: quarantine ? 'quarantine' : WHAT[kind], ...kept });
        }
      }
    }
    for (const digest of imported) add(digest, { what: 'imported file', kept: 'open import' });
    for await (const { artifact, replaces } of allCheckpoints(stores))
      for (const digest of [artifact.digest, ...replaces]) add(digest, { what: 'checkpoint' });
    return new Standings(byDigest);
  }

  of(digest: Digest): Standing {
    return this.#byDigest.get(digest) ?? UNNAMED;
  }
}

/** What is kept, else what is kept for the longer time: a record's own bytes before quarantined rows and checkpoints. */
function outweighs(standing: Standing, before: Standing): boolean {
  if (before.kept !== undefined || standing.kept !== undefined) return before.kept === undefined;
  const short = ({ what }: Standing): boolean => what === 'quarantine' || what === 'checkpoint';
  return short(before) && !short(standing);
}
