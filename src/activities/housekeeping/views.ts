/**
 * Values of feature views that no definition has any more which is in force, or which a version needs that stays: nobody materializes
 * them, and no replica reads them.
 */
import type { RetentionMs, Tally } from '../../domain/housekeeping';
import { addTallies } from '../../domain/housekeeping';
import { crashPoint } from '../../runtime/crash-points';
import type { Stores } from '../../stores/connect';
import { definitionInForce } from '../../stores/definitions';
import { neededRecords } from '../../stores/needs';
import { allViews, removeViewValues, type ViewSize, viewSize } from '../../stores/view-values';
import { joinedViews, servedViewId } from '../served-views';
import { rootsAt } from './roots';

export interface Unused {
  readonly took: readonly Tally[];
  readonly kept: readonly Tally[];
}

const WHAT = 'feature view';

export async function cleanViews(
  stores: Stores,
  { retention, dryRun, now }: { readonly retention: RetentionMs; readonly dryRun: boolean; readonly now: number },
  signal: AbortSignal
): Promise<Unused> {
  const views = await allViews(stores);
  const used = await usedViews(stores, [...new Set(views.map(({ project }) => project))], now, retention);
  crashPoint('housekeeping:marked');
  const took: Tally[] = [];
  const kept: Tally[] = [];
  const tally = (why: string, { count, bytes }: ViewSize): Tally => ({ what: WHAT, why, count, bytes });
  for (const view of views) {
    signal.throwIfAborted();
    const size = await viewSize(stores, view._id);
    if (used.has(view._id)) kept.push(tally('in use', size));
    else if (now - view.touchedAt.getTime() <= retention.grace) kept.push(tally('grace', size));
    else if (dryRun || (await removeViewValues(stores, view, signal)))
      took.push(tally('no definition in force and no version that stays has this view', size));
    else kept.push(tally('in use', size));
  }
  return { took: addTallies(took), kept: addTallies(kept) };
}

async function usedViews(
  stores: Stores,
  projects: readonly string[],
  now: number,
  retention: RetentionMs
): Promise<ReadonlySet<string>> {
  const needed = await neededRecords(stores, await rootsAt(stores, now, retention));
  const inForce = await Promise.all(projects.map((project) => definitionInForce(stores, project)));
  const ids = [
    ...[...needed.values()].filter(({ kind }) => kind === 'definition').map(({ id }) => id),
    ...inForce.flatMap((each) => (each === null ? [] : [each.definition.id])),
  ];
  const used = new Set<string>();
  for (const id of new Set(ids)) {
    const found = await stores.facts.find('definition', id);
    if (found === null) continue;
    const { definition } = found.body;
    for (const [name] of joinedViews(definition)) used.add(servedViewId(definition, name));
  }
  return used;
}
