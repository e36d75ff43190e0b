/**
 * Whether a snapshot is what the calling run's own ingest made of what there is. Anybody may have rows ingested that he made up, and
 * may start a workflow of any id: so each link, from the snapshot back to the files, must be an answer that one of our activities gave
 * to this very run, on the project's own queues, by its history.
 */
import { activityInfo, getClient } from '@temporalio/activity';
import { COMPUTE_SUFFIX } from '../domain/queues';
import type { PlannedMaterialization } from '../domain/materialize';
import type { Ref } from '../domain/refs';
import { digestOf } from '../runtime/digest';
import { type Caller, notAuthorized } from './caller';
import { type DoneActivity, doneActivities } from './history';
import type { Ingest, Observe } from './ingest';
import type { Prepare } from './prepare';

export interface OwnIngest {
  readonly run: Caller;
  readonly definition: Ref<'definition'>;
  /** Name of the source. */
  readonly source: string;
  readonly snapshot: Ref<'snapshot'>;
}

/** @throws MlopsError MLOPS_NOT_AUTHORIZED */
export async function requireOwnIngest({ run, ...wanted }: OwnIngest): Promise<void> {
  const queue = activityInfo().taskQueue;
  const own = queue.endsWith(COMPUTE_SUFFIX) ? queue.slice(0, -COMPUTE_SUFFIX.length) : queue;
  const all = await doneActivities(getClient(), run);
  const done = all.filter(({ taskQueue }) => taskQueue === own || taskQueue === `${own}${COMPUTE_SUFFIX}`);
  if (!isIngested(done, wanted))
    throw notAuthorized('This run did not ingest the snapshot from the source of the view.', {
      source: wanted.source,
      snapshot: wanted.snapshot.id,
    });
}

function isIngested(done: readonly DoneActivity[], wanted: Omit<OwnIngest, 'run'>): boolean {
  const { definition, source, snapshot } = wanted;
  return of<Ingest>(done, 'mlopsIngest').some(({ input, answer }) => {
    const { observation, parent } = input;
    if (!same(answer, snapshot) || input.source !== source || !same(input.definition, definition)) return false;
    if (parent !== undefined && !isPlanned(done, parent)) return false;
    const observed = of<Observe>(done, 'mlopsObserve').some(
      (each) => isOf(each.input, wanted) && equal(each.answer, observation)
    );
    if (observed) return true;
    // What it was made of, the observation says itself: ingest reads it there, as `Prepare` wrote it.
    return of<Prepare>(done, 'mlopsPrepare').some(
      (each) =>
        isOf(each.input, wanted) &&
        equal(each.answer, observation) &&
        Object.entries(each.input.from).every(([name, ref]) =>
          isIngested(done, { definition, source: name, snapshot: ref })
        )
    );
  });
}

/** A snapshot grows one that the plan of this run names: by the records that is one of the project's own. */
function isPlanned(done: readonly DoneActivity[], parent: Ref<'snapshot'>): boolean {
  return done
    .filter(({ name }) => name === 'mlopsPlanViews')
    .flatMap(({ answer }) => (answer as PlannedMaterialization).definitions)
    .some(({ parents }) => Object.values(parents).some((ref) => same(ref, parent)));
}

function of<Input>(
  done: readonly DoneActivity[],
  activity: string
): readonly { readonly input: Input; readonly answer: unknown }[] {
  return done.filter(({ name }) => name === activity) as { readonly input: Input; readonly answer: unknown }[];
}

const isOf = (given: Pick<Observe, 'definition' | 'source'>, { definition, source }: Omit<OwnIngest, 'run'>): boolean =>
  given.source === source && same(given.definition, definition);
const same = (one: unknown, other: Ref): boolean =>
  (one as Ref | undefined)?.id === other.id && (one as Ref).digest === other.digest;
const equal = (one: unknown, other: unknown): boolean => digestOf(one) === digestOf(other);
