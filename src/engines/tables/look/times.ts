/** In which ways the values of a column can be read as moments. */
import type { Database } from '../duckdb';
import { isoOf } from '../moments';
import { text } from '../sql';
import type { TimeReading } from './figures';

/** Day before month and month before day are both here: values alone may not decide. */
const FORMATS = [
  '%Y/%m/%d',
  '%Y/%m/%d %H:%M:%S',
  '%Y%m%d',
  '%Y%m%dT%H%M%SZ',
  '%m/%d/%Y',
  '%d/%m/%Y',
  '%m/%d/%Y %H:%M',
  '%d/%m/%Y %H:%M',
  '%m/%d/%Y %H:%M:%S',
  '%d/%m/%Y %H:%M:%S',
  '%m/%d/%Y %I:%M %p',
  '%m/%d/%Y %I:%M:%S %p',
  '%d.%m.%Y',
  '%d.%m.%Y %H:%M',
  '%d.%m.%Y %H:%M:%S',
  '%d-%m-%Y',
  '%b %d %Y',
  '%b %d, %Y',
  '%B %d, %Y',
  '%d %b %Y',
  '%d-%b-%Y',
  '%d-%b-%y',
  '%a, %d %b %Y %H:%M:%S %z',
] as const;

const EPOCHS = [
  ['epoch s', 1_000_000],
  ['epoch ms', 1_000],
  ['epoch us', 1],
] as const;

/** 1980 to 2100: numbers are seconds, milliseconds or microseconds of time only if they lie there. */
const EPOCH_FROM = 315_532_800_000_000n;
const EPOCH_TO = 4_102_444_800_000_000n;

const LEAST_SHARE = 0.9;
const SAMPLE = 2_000;

/** @param present values of the column; they are in the table `one` (v, n, d) */
export async function timeReadings(
  database: Database,
  present: number,
  formats: readonly string[] = FORMATS
): Promise<readonly TimeReading[]> {
  if (present === 0) return [];
  const readings: TimeReading[] = [];
  for (const [format, expression] of candidates(formats)) {
    const [sampled] = await database.rows(
      `SELECT count(*)::DOUBLE AS n, count(${expression})::DOUBLE AS read FROM (SELECT * FROM one ORDER BY n DESC, v LIMIT ${SAMPLE})`
    );
    if (Number(sampled?.['read']) < LEAST_SHARE * Number(sampled?.['n'])) continue;
    const [found] = await database.rows(
      `SELECT coalesce(sum(n), 0)::DOUBLE AS read, epoch_us(min(t)) AS min, epoch_us(max(t)) AS max,
         min(epoch_us(t)) FILTER (WHERE before >= '0.8'::DOUBLE * total) AS p80, min(epoch_us(t)) FILTER (WHERE before >= '0.99'::DOUBLE * total) AS p99, count(DISTINCT (epoch_us(t) % 86400000000)) AS clocks,
         bool_and(epoch_us(t) % 3600000000 = 0) AS hours, bool_and(day(t) = 1) AS months
       FROM (SELECT n, t, sum(n) OVER (ORDER BY t) AS before, sum(n) OVER () AS total
         FROM (SELECT n, ${expression} AS t FROM one) WHERE t IS NOT NULL)`
    );
    const read = Number(found?.['read']);
    if (read < LEAST_SHARE * present) continue;
    readings.push({
      format,
      read,
      min: isoOf(found?.['min'] as bigint),
      max: isoOf(found?.['max'] as bigint),
      p80: isoOf(found?.['p80'] as bigint),
      p99: isoOf(found?.['p99'] as bigint),
      step: stepOf(Number(found?.['clocks']), found?.['hours'] === true, found?.['months'] === true),
    });
  }
  return readings.sort((a, b) => b.read - a.read);
}

/** So many of a column's values make a format one of several. */
const LEAST_OF_SEVERAL = 0.1;

/** Where no format reads most of the values: two that together do, the more frequent first. */
export async function mixedTimes(database: Database): Promise<readonly string[] | undefined> {
  const all = candidates(FORMATS).filter(([format]) => !format.startsWith('epoch'));
  const sample = `(SELECT * FROM one ORDER BY n DESC, v LIMIT ${SAMPLE})`;
  const counts = async (of: readonly string[]) => {
    const [found] = await database.rows(
      `SELECT count(*)::DOUBLE AS n, ${of.map((it, i) => `count(${it})::DOUBLE AS t${i}`).join(', ')} FROM ${sample}`
    );
    return { n: Number(found?.['n']), read: of.map((_, i) => Number(found?.[`t${i}`])) };
  };
  const { n, read } = await counts(all.map(([, it]) => it));
  const some = all.map((each, i) => ({ each, read: read[i]! })).filter((one) => one.read >= LEAST_OF_SEVERAL * n);
  const pairs = some
    .toSorted((a, b) => b.read - a.read)
    .flatMap(({ each }, i, sorted) => sorted.slice(i + 1).map((other) => [each, other.each] as const));
  if (pairs.length === 0) return undefined;
  const together = await counts(pairs.map(([[, one], [, other]]) => `coalesce(${one}, ${other})`));
  const best = together.read.indexOf(Math.max(...together.read));
  return together.read[best]! < LEAST_SHARE * n ? undefined : pairs[best]!.map(([format]) => format);
}

function stepOf(clocks: number, hours: boolean, months: boolean): TimeReading['step'] {
  if (clocks > 1) return hours ? 'hour' : 'moment';
  return months ? 'month' : 'day';
}

function candidates(formats: readonly string[]): readonly (readonly [string, string])[] {
  const sane = (t: string) => `CASE WHEN year(${t}) BETWEEN 1000 AND 9999 THEN ${t} END`;
  return [
    [
      'iso',
      sane(`CASE WHEN regexp_matches(v, '^[0-9]{4}-[0-9]{2}-[0-9]{2}') THEN TRY_CAST(v AS TIMESTAMPTZ)::TIMESTAMP END`),
    ],
    ...formats.map((format) => [format, sane(`try_strptime(v, ${text(format)})`)] as const),
    ...EPOCHS.map(([name, unit]) => {
      const us = `(d * ${unit})`;
      const within = `d = trunc(d) AND ${us} BETWEEN ${EPOCH_FROM} AND ${EPOCH_TO}`;
      return [name, `CASE WHEN ${within} THEN make_timestamp(${us}::BIGINT) END`] as const;
    }),
  ];
}
