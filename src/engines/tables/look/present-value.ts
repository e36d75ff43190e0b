import { MISSING_MARKS } from '../../../domain/missing-marks';
import { text } from '../sql';

/** A value of column `index`, trimmed; NULL where it is absent or a usual mark of a missing value. */
export function presentValue(index: number): string {
  const marks = MISSING_MARKS.map((mark) => text(mark)).join(', ');
  return `CASE WHEN trim(c${index}) NOT IN (${marks}) THEN trim(c${index}) END`;
}
