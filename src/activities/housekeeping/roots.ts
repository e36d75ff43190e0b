/** Who needs records: holds, what serves, what people are asked about, open cycles, the data that the next cycle grows from; and bytes of imports to come. */
import { KEPT_BECAUSE, type KeptBecause, type RetentionMs } from '../../domain/housekeeping';
import { digestsOfImport, type ImportedModel } from '../../domain/imported-model';
import type { Digest, FactKind } from '../../domain/refs';
import { allAliases } from '../../stores/aliases';
import type { Stores } from '../../stores/connect';
import { newestSnapshotRef, projectsWithCycles, unfinishedCycles } from '../../stores/cycles';
import { allEndpoints } from '../../stores/endpoints';
import { holdsInForce } from '../../stores/holds';
import type { Root } from '../../stores/needs';
import { refOf } from '../../stores/facts';
import { allRequests } from '../../stores/requests';
import { validUntil } from '../../stores/rollout-approval';
import { allRollouts } from '../../stores/rollouts';
import { headsMadeOf } from '../../stores/snapshots';
import { trialsOfCycle } from '../../stores/trials';
import { waitingImports } from '../../stores/triggers';
import { letInLast } from '../let-in';

/** In the order of their reasons. */
export async function rootsAt(stores: Stores, nowMs: number, retention: RetentionMs): Promise<Root[]> {
  const roots: Root[] = [];
  const add = (
    why: KeptBecause,
    { kind, id }: { readonly kind: FactKind; readonly id: string },
    how: Root['how'] = 'own'
  ) => roots.push({ kind, id, why, how });
  const version = (id: string) => ({ kind: 'version', id }) as const;

  for (const { record } of await holdsInForce(stores)) add('held', record as Pick<Root, 'kind' | 'id'>, 'whole');
  for (const project of await projectsWithCycles(stores)) {
    const newest = await newestSnapshotRef(stores, project);
    if (newest?.snapshot === undefined) continue;
    const heads = await headsMadeOf(stores, newest.snapshot.id);
    // The next one grows from the parent where people don't let the newest one in, and is judged beside what they let in last.
    const parents = heads.flatMap(({ parent }) => parent ?? []);
    const letIn = [...(await letInLast(stores, project)).values()].map(({ snapshot }) => refOf(snapshot));
    const kept = [...heads.map(({ ref }) => ref), ...parents, ...letIn];
    for (const ref of new Map(kept.map((each) => [each.id, each])).values()) add('newest snapshot', ref);
  }
  for await (const alias of allAliases(stores)) add('live', version(alias.version));
  for await (const { champion, candidate } of allEndpoints(stores))
    for (const served of [champion, candidate]) if (served !== undefined) add('live', version(served.version));
  for await (const request of allRequests(stores)) {
    // An approved batch is what the next one grows from, or it is not needed.
    const mayBeRolledOut = request.state === 'approved' && request.subject.kind !== 'schema-change';
    const waits = request.state === 'open' || (mayBeRolledOut && nowMs <= validUntil(request));
    if (waits) for (const ref of request.about) add('asked about', ref);
  }
  for await (const { _id, definition, refs } of unfinishedCycles(stores)) {
    for (const ref of [definition, ...Object.values(refs)]) add('open cycle', ref);
    // Any of them may turn out to be the best.
    for (const id of await trialsOfCycle(stores, _id)) add('open cycle', { kind: 'trial', id });
  }
  for await (const { version: rolledOut, former, endedAt } of allRollouts(stores)) {
    const why = endedAt === undefined ? 'live' : 'was live';
    if (endedAt !== undefined && nowMs - endedAt.getTime() > retention.served) continue;
    add(why, rolledOut);
    if (former !== undefined) add(why, version(former.version));
  }
  return roots.sort((a, b) => KEPT_BECAUSE.indexOf(a.why) - KEPT_BECAUSE.indexOf(b.why));
}

/** Bytes that no record names yet: of imports that wait for their cycles, and of cycles that have not ended. */
export async function importedBytes(stores: Stores): Promise<ReadonlySet<Digest>> {
  const digests = new Set<Digest>();
  const add = (imports: ImportedModel) => digestsOfImport(imports).forEach((digest) => digests.add(digest));
  // First: one whose cycle is opened meanwhile is found there.
  for await (const imports of waitingImports(stores)) add(imports);
  for await (const { imports } of unfinishedCycles(stores)) if (imports !== undefined) add(imports);
  return digests;
}
