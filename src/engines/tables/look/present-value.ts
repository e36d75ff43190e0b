import { MISSING_MARKS } from '../../../domain/missing-marks';
import { parsed } from '../reading/text-values';
import { text } from '../sql';

export type DecimalMark = '.' | ',';

/** A value of column `index`, trimmed; NULL where it is absent or a usual mark of a missing value. */
export function presentValue(index: number): string {
  const marks = MISSING_MARKS.map((mark) => text(mark)).join(', ');
  return `CASE WHEN trim(c${index}) NOT IN (${marks}) THEN trim(c${index}) END`;
}

/** The same as a number, by the rule that an ingest reads numbers by. */
export const presentNumber = (index: number, decimal: DecimalMark): string =>
  parsed({ type: 'number' }, `(${presentValue(index)})`, decimal);
