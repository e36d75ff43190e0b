/**
 * Shadow pairs of a rollout: both versions' answers to the same requests, read from its prediction records. A pair
 * needs a fraction of the rows that two separate arms would, since the request's own difficulty cancels.
 */
import { DAY_MS } from '../../domain/durations';
import type { RolloutDocument, ShadowPairs } from '../../domain/rollout';
import { meanInterval } from '../../engines/stats/intervals';
import { numbersOf } from '../../domain/scores';
import { recordReader, targetOf } from '../../domain/task';
import { lossOf } from '../../engines/stats/tasks/task';
import type { Stores } from '../../stores/connect';
import { windowRows } from '../../stores/predictions';

const CONFIDENCE = 0.95;

/** Means by days of candidate − champion; undefined where the rollout has no pairs. */
export async function shadowPairs(
  stores: Stores,
  rollout: RolloutDocument,
  signal?: AbortSignal
): Promise<ShadowPairs | undefined> {
  const { from, until, former, served } = rollout;
  if (from === undefined || until === undefined || former === undefined) return undefined;
  const to = new Date(Date.parse(until) + DAY_MS).toISOString();
  const target = targetOf(served.task);
  const loss = lossOf(target);
  const labelOf = recordReader(target);
  const distanceOf = served.task.kind === 'labels' ? meanDistance : distance;
  const scores = new DayMeans();
  const losses = new DayMeans();
  for await (const row of windowRows(stores, rollout.endpoint, { from, to })) {
    signal?.throwIfAborted();
    const { shadow, version, revision, score, truth, eventTime } = row;
    if (shadow?.version !== served.number || version !== former.number || revision <= rollout.revision) continue;
    const day = Math.floor(eventTime.getTime() / DAY_MS);
    const [candidate, champion] = [numbersOf(shadow.score), numbersOf(score)];
    scores.add(day, distanceOf(candidate, champion));
    const label = labelOf(truth?.value);
    if (label !== undefined) losses.add(day, loss.of(candidate, 0, label) - loss.of(champion, 0, label));
  }
  if (scores.rows === 0) return undefined;
  return {
    pairs: scores.rows,
    score: scores.interval(),
    ...(losses.rows === 0 ? {} : { loss: { metric: loss.metric, ...losses.interval(), pairs: losses.rows } }),
  };
}

/** Candidate − champion; of classes half the sum of the distances, from 0 (alike) to 1 (sure of different classes). */
function distance(candidate: readonly number[], champion: readonly number[]): number {
  if (candidate.length === 1) return candidate[0]! - champion[0]!;
  return candidate.reduce((sum, each, place) => sum + Math.abs(each - champion[place]!), 0) / 2;
}

/** Of labels: the mean over them, from 0 (alike) to 1 (sure of the opposite of each). */
function meanDistance(candidate: readonly number[], champion: readonly number[]): number {
  return candidate.reduce((sum, each, place) => sum + Math.abs(each - champion[place]!), 0) / candidate.length;
}

/** Sums by day, so that a rollout of any length takes no memory. */
class DayMeans {
  readonly #days = new Map<number, { sum: number; count: number }>();
  rows = 0;

  add(day: number, value: number): void {
    const { sum, count } = this.#days.get(day) ?? { sum: 0, count: 0 };
    this.#days.set(day, { sum: sum + value, count: count + 1 });
    this.rows += 1;
  }

  interval() {
    const days = [...this.#days.values()];
    const sums = Float64Array.from(days, (day) => day.sum);
    return meanInterval(
      sums,
      Float64Array.from(days, (day) => day.count),
      CONFIDENCE,
      'day'
    );
  }
}
