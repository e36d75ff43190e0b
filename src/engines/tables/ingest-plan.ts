/** Which files an ingest reads, so that its snapshot holds the rows of one full read: as few as that takes. */
import type { ObservedFile, SnapshotRows, SourceFileAccount } from '../../domain/records';

export interface FileToRead extends ObservedFile {
  /** The parent read the rows before this one: 0, or all that the file had. */
  readonly from: number;
  /** ISO-8601: the rows before `from` that are known after this are read too; null: none is. */
  readonly after: string | null;
}

export interface IngestPlan {
  /** The snapshot that grows; absent where there is none, or none that can. */
  readonly parent?: SnapshotRows;
  /** `added`: what is read comes to the parent's rows. `whole`: what is read is all, and the parent's other rows are gone. */
  readonly reads: 'added' | 'whole';
  /** In the order of their paths. */
  readonly files: readonly FileToRead[];
  /** Of the parent: files whose rows stand, read again in part or not at all. */
  readonly kept: readonly SourceFileAccount[];
}

/**
 * @param appended paths of the files that only grew at their end
 * @param whole reads everything, whatever the parent has
 */
export function planIngest(
  parent: SnapshotRows | undefined,
  observed: readonly ObservedFile[],
  asOf: string,
  appended: ReadonlySet<string>,
  whole = false
): IngestPlan {
  const files = distinctFiles(observed);
  // A question about an earlier day is answered from the source alone.
  const before = parent !== undefined && Date.parse(parent.asOf) <= Date.parse(asOf) ? parent : undefined;
  const all = files.map((file) => ({ ...file, from: 0, after: null }));
  if (before === undefined) return { reads: 'whole', files: all, kept: [] };
  const now = new Map(files.map(({ path, digest }) => [path, digest]));
  // One that grew to what another file is may be left out for it.
  const stands = (path: string) => now.has(path) && appended.has(path);
  const unchanged = before.files.every(({ path, digest }) => now.get(path) === digest || stands(path));
  if (whole || !unchanged) return { parent: before, reads: 'whole', files: all, kept: [] };
  const kept = new Map(before.files.map((file) => [file.path, file]));
  const toRead = files.flatMap((file): FileToRead[] => {
    const had = kept.get(file.path);
    if (had === undefined) return [{ ...file, from: 0, after: null }];
    const { rows: from, nextKnownAt: next } = had;
    if (appended.has(file.path)) return [{ ...file, from, after: next === undefined ? null : before.asOf }];
    return next !== undefined && isBy(next, asOf) ? [{ ...file, from, after: before.asOf }] : [];
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
