/**
 * Calendar parts of timestamps, in the graph: integer arithmetic on int64 microseconds. Mod floors, and Div only ever
 * sees a non-negative or an exact quotient, so times before 1970 need no case of their own.
 */
import { DAY_US } from '../../domain/durations';
import { MISSING_TIMESTAMP } from '../tables/columns';
import type { Value } from '../onnx/graph';
import type { Operators } from '../onnx/operators';

/** 1970-01-01 was a Thursday; Monday is 0. */
const EPOCH_WEEKDAY = 3;

/** @param time int64 [N] → bool [N] */
export function isMissingTime(o: Operators, time: Value): Value {
  return o.equal(time, o.integer(MISSING_TIMESTAMP));
}

/** Microseconds since midnight: int64 [N] → int64 [N]; of a missing time: 0. */
export function microsecondOfDay(o: Operators, time: Value): Value {
  return o.mod(withoutMissing(o, time), o.integer(DAY_US));
}

/** Monday 0 … Sunday 6: int64 [N] → int64 [N]; of a missing time: Thursday. */
export function weekday(o: Operators, time: Value): Value {
  const there = withoutMissing(o, time);
  const day = o.integer(DAY_US);
  const days = o.div(o.sub(there, o.mod(there, day)), day);
  return o.mod(o.add(days, o.integer(EPOCH_WEEKDAY)), o.integer(7));
}

/** −2^63 minus its remainder would overflow. */
function withoutMissing(o: Operators, time: Value): Value {
  return o.where(isMissingTime(o, time), o.integer(0), time);
}
