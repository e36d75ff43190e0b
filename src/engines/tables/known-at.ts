import type { SourceDefinition } from '../../domain/definition';
import { column } from './sql';

const MICROSECONDS_OF_MINUTE = 60_000_000;

/** Of moments in SQL: years 1 to 9999, which every part of the product can write and read. */
export function isMoment(time: string): string {
  return `${time} BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999999'`;
}

/** Ten thousand years in µs, within which no sum overflows. */
const MOST = 320_000_000_000_000_000n;

/** Of a row that is always known: the least moment that there is. */
const ALWAYS = `TIMESTAMP '0001-01-01'`;

/**
 * When a row is known, in SQL: a TIMESTAMP, or NULL where what it is made of is missing or too large. A source without any
 * clock has rows that are always known.
 *
 * By rule: eventTime + (minutes + Σ minutesPer[column] · value), where the sum is taken in double, columns in
 * code-point order, and rounded once, to the nearest microsecond (halves away from zero).
 */
export function knownAtOf({ knownAt, eventTime }: Pick<SourceDefinition, 'knownAt' | 'eventTime'>): string {
  if (knownAt === undefined) return eventTime === undefined ? ALWAYS : column(eventTime);
  if ('column' in knownAt) return column(knownAt.column);
  if (eventTime === undefined) throw new TypeError('known-at by event time needs an event time');
  const { minutes, minutesPer } = knownAt.eventTimePlus;
  const terms = Object.keys(minutesPer)
    .sort()
    .map((name) => `${column(name)}::DOUBLE * ${double(minutesPer[name]!)}`);
  const after = `round((${[double(minutes), ...terms].join(' + ')}) * ${double(MICROSECONDS_OF_MINUTE)})`;
  const sum = `make_timestamp(epoch_us(${column(eventTime)}) + TRY_CAST(${after} AS BIGINT))`;
  return `CASE WHEN ${isMoment(column(eventTime))} AND abs(${after}) <= ${MOST} THEN ${sum} END`;
}

/** Written out a number would be a DECIMAL: forty times slower, and rounded otherwise. */
function double(value: number): string {
  return `'${value}'::DOUBLE`;
}
