/** Which files an ingest reads, so that its snapshot holds the rows of one full read: as few as that takes. */
import type { ObservedFile, SnapshotRows, SourceFileAccount } from '../../domain/records';

export interface FileToRead extends ObservedFile {
  /** ISO-8601: only rows known after this, since the parent has the others; null reads all. */
  readonly after: string | null;
}

export interface IngestPlan {
  /** The snapshot that grows; absent where there is none, or none that can. */
  readonly parent?: SnapshotRows;
  /** `added`: what is read comes to the parent's rows. `whole`: what is read is all, and the parent's other rows are gone. */
  readonly reads: 'added' | 'whole';
  /** In the order of their paths. */
  readonly files: readonly FileToRead[];
  /** Of the parent: files that are as they were, read again in part or not at all. */
  readonly kept: readonly SourceFileAccount[];
}

/** @param whole reads everything, whatever the parent has */
export function planIngest(
  parent: SnapshotRows | undefined,
  observed: readonly ObservedFile[],
  asOf: string,
  whole = false
): IngestPlan {
  const files = distinctFiles(observed);
  // A question about an earlier day is answered from the source alone.
  const before = parent !== undefined && Date.parse(parent.asOf) <= Date.parse(asOf) ? parent : undefined;
  const all = files.map((file) => ({ ...file, after: null }));
  if (before === undefined) return { reads: 'whole', files: all, kept: [] };
  const now = new Map(files.map(({ path, digest }) => [path, digest]));
  const unchanged = before.files.every(({ path, digest }) => now.get(path) === digest);
  if (whole || !unchanged) return { parent: before, reads: 'whole', files: all, kept: [] };
  const kept = new Map(before.files.map((file) => [file.path, file]));
  const toRead = files.flatMap((file): FileToRead[] => {
    const had = kept.get(file.path);
    if (had === undefined) return [{ ...file, after: null }];
    const next = had.nextKnownAt;
    return next !== undefined && isBy(next, asOf) ? [{ ...file, after: before.asOf }] : [];
  });
  return { parent: before, reads: 'added', files: toRead, kept: before.files };
}

/** By the bytes of UTF-8, as the database compares texts. */
export function byPath(a: { readonly path: string }, b: { readonly path: string }): number {
  return Buffer.compare(Buffer.from(a.path), Buffer.from(b.path));
}

/** By path; a file that is there twice counts once. */
function distinctFiles(observed: readonly ObservedFile[]): readonly ObservedFile[] {
  const sorted = observed.toSorted(byPath);
  const digests = new Set<string>();
  return sorted.filter(({ digest }) => !digests.has(digest) && digests.add(digest) !== undefined);
}

/** Microseconds count: `next` may have six digits. */
function isBy(next: string, asOf: string): boolean {
  return Date.parse(next) <= Date.parse(asOf);
}
