/**
 * Calendar parts of timestamps, in the graph: integer arithmetic on int64 microseconds. Mod floors, and Div only ever
 * sees a non-negative quotient, so times before 1970 need no case of their own. A missing time is a number like others
 * on the way, and its features are cleared at the end.
 */
import { DAY_US } from '../../domain/durations';
import type { Value } from '../onnx/graph';
import type { Operators } from '../onnx/operators';
import { MISSING_TIMESTAMP } from '../tables/columns';
import { type Emitter, rowsOf, oneHots, perFeature, range, repeat } from './emitter';
import type { Fitted } from './fitted';

/** 1970-01-01 was a Thursday; Monday is 0. */
const EPOCH_WEEKDAY = 3;
const WEEK_DAYS = 7;

export const timeOfDayBuckets: Emitter<Fitted<'timeOfDayBuckets'>> = (o, features, inputs) => {
  const times = rowsOf(features, inputs);
  const buckets = features.map((feature) => feature.buckets);
  // Scaled before the division: exact also where the day doesn't divide into whole microseconds.
  const scaled = o.mul(microsecondOfDay(o, times), perFeature(o, 'int64', buckets));
  return positions(o, times, o.div(scaled, o.integer(DAY_US)), buckets);
};

/** Each feature's sines, then cosines, of its harmonics. */
export const timeOfDayCycles: Emitter<Fitted<'timeOfDayCycles'>> = (o, features, inputs) => {
  const times = rowsOf(features, inputs);
  const harmonics = features.map((feature) => feature.harmonics);
  const radians = harmonics.flatMap((count) => range(count).map((h) => (2 * Math.PI * (h + 1)) / DAY_US));
  const moments = o.cast(microsecondOfDay(o, times), 'float64');
  const angles = o.mul(repeat(o, moments, harmonics), perFeature(o, 'float64', radians));
  const cycles = featureByFeature(o, o.concat([o.sin(angles), o.cos(angles)], 0), harmonics);
  const missing = repeat(
    o,
    isMissing(o, times),
    harmonics.map((count) => 2 * count)
  );
  return o.where(missing, o.scalar(0), o.cast(cycles, 'float32'));
};

/** Monday 0 … Sunday 6. */
export const weekday: Emitter<Fitted<'weekday'>> = (o, features, inputs) => {
  const times = rowsOf(features, inputs);
  const sinceMonday = o.mod(o.add(times, o.integer(EPOCH_WEEKDAY * DAY_US)), o.integer(WEEK_DAYS * DAY_US));
  const days = o.div(sinceMonday, o.integer(DAY_US));
  return positions(
    o,
    times,
    days,
    features.map(() => WEEK_DAYS)
  );
};

function isMissing(o: Operators, times: Value): Value {
  return o.equal(times, o.integer(MISSING_TIMESTAMP));
}

/** Since midnight. */
function microsecondOfDay(o: Operators, times: Value): Value {
  return o.mod(times, o.integer(DAY_US));
}

/** One-hots of positions 0 … count−1, all 0 where the time is missing: int64 [F, N] → float32 [sum of counts, N] */
function positions(o: Operators, times: Value, position: Value, counts: readonly number[]): Value {
  return oneHots(o, o.where(isMissing(o, times), o.integer(-1), position), counts.map(range));
}

/** [all sines, all cosines] → [sines and cosines of the first feature, of the second, …] */
function featureByFeature(o: Operators, cycles: Value, harmonics: readonly number[]): Value {
  if (harmonics.length === 1) return cycles;
  const all = harmonics.reduce((sum, count) => sum + count, 0);
  let before = 0;
  const order = harmonics.flatMap((count) => {
    const sines = range(count).map((h) => before + h);
    before += count;
    return [...sines, ...sines.map((row) => all + row)];
  });
  return o.gather(cycles, o.integers(order));
}
