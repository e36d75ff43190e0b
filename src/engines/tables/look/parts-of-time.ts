/** Columns that are parts of one moment: a year and a month, or a date and an hour. */
import type { ColumnFigures } from './figures';

export interface PartsOfTime {
  /** Indices of the columns, the largest unit first. */
  readonly parts: readonly number[];
  /** How their texts may be read, with a blank between them. */
  readonly formats: readonly string[];
}

const YEAR = /^(year|yr|yyyy)$/i;
/** Each only with those before it. */
const BELOW: readonly { readonly name: RegExp; readonly formats: readonly string[] }[] = [
  { name: /^(month|mon|mm)$/i, formats: ['%m', '%b', '%B'] },
  { name: /^(day|dd|day_?of_?month)$/i, formats: ['%d'] },
  { name: /^(hour|hr|hh)$/i, formats: ['%H'] },
  { name: /^(minute|min)$/i, formats: ['%M'] },
];
const DATE = /^(date|day)$/i;
const CLOCK = /^(time|hour|hr|hh)$/i;
const OF_CLOCK = ['%H', '%H:%M', '%H:%M:%S'];
const LEAST_PRESENT = 0.95;

/** By their names; undefined where a column alone says as much. Whether their values can be read so is not looked at. */
export function partsOfTime(columns: readonly ColumnFigures[], rows: number): PartsOfTime | undefined {
  const named = (name: RegExp): number | undefined => {
    const at = columns.findIndex((column) => name.test(column.name.trim()));
    return at < 0 || columns[at]!.present < LEAST_PRESENT * rows ? undefined : at;
  };
  const alone = columns.filter(({ times, present }) => times.length > 0 && present >= LEAST_PRESENT * rows);
  if (alone.length === 0) return ofYear(named);
  if (alone.some(({ times }) => ['hour', 'moment'].includes(times[0]!.step))) return undefined;
  const [date, clock] = [named(DATE), named(CLOCK)];
  if (date === undefined || clock === undefined || date === clock) return undefined;
  const readings = columns[date]!.times.map(({ format }) => (format === 'iso' ? '%Y-%m-%d' : format));
  return {
    parts: [date, clock],
    formats: readings.flatMap((day) => (day.includes('%') ? OF_CLOCK.map((time) => `${day} ${time}`) : [])),
  };
}

function ofYear(named: (name: RegExp) => number | undefined): PartsOfTime | undefined {
  const year = named(YEAR);
  const parts: number[] = [];
  let formats = ['%Y'];
  for (const { name, formats: next } of BELOW) {
    const at = named(name);
    if (at === undefined) break;
    parts.push(at);
    formats = formats.flatMap((before) => next.map((each) => `${before} ${each}`));
  }
  return year === undefined || parts.length === 0 ? undefined : { parts: [year, ...parts], formats };
}
