/**
 * Snapshots that a project's own runs made, by the records: those of each source that people let in last, and those that its views were
 * materialized of last.
 */
import type { Digest, Ref } from '../domain/refs';
import type { Stores } from '../stores/connect';
import { refOf } from '../stores/facts';
import { snapshotHead } from '../stores/snapshots';
import { viewsOfProject } from '../stores/view-values';
import { letInLast } from './let-in';

export interface OwnSnapshot {
  readonly ref: Ref<'snapshot'>;
  readonly rowsOf: Digest;
  readonly asOf: string;
}

/** Those of cycles first. */
export async function ownSnapshots(stores: Stores, project: string): Promise<OwnSnapshot[]> {
  const found = new Map<string, OwnSnapshot>();
  for (const { snapshot } of (await letInLast(stores, project)).values()) {
    const { rowsOf, asOf } = snapshot.body;
    found.set(snapshot._id, { ref: refOf(snapshot), rowsOf, asOf });
  }
  for (const { snapshot } of await viewsOfProject(stores, project)) {
    const head = found.has(snapshot.id) ? undefined : await snapshotHead(stores, snapshot.id);
    if (head !== undefined) found.set(snapshot.id, head);
  }
  return [...found.values()];
}
