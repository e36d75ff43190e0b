/** Texts that are timestamps, by the column's formats, in SQL: a TIMESTAMP in UTC, or NULL. */
import type { ColumnDefinition } from '../../../domain/definition';
import { DAY_MS } from '../../../domain/durations';
import { text } from '../sql';

type Timestamp = Pick<ColumnDefinition, 'format' | 'zone'>;

/** µs of one unit. */
const EPOCHS: Readonly<Record<string, number>> = { 'epoch s': 1_000_000, 'epoch ms': 1_000, 'epoch us': 1 };
/** From 1899-12-30, day 0 of spreadsheets, to 1970-01-01. */
const EXCEL_EPOCH_DAYS = 25_569;

/** Years that four digits can write: 0001 to 9999. What lies outside is a slip, and nothing beside us could show it. */
const FIRST_US = '-62135596800000000';
const LAST_US = '253402300799999999';

export function momentOfText(it: string, { format = ['iso'], zone }: Timestamp, decimal: '.' | ','): string {
  const found = format.map((each) => momentOf(it, each, zone, decimal));
  return withinYears(found.length === 1 ? found[0]! : `coalesce(${found.join(', ')})`);
}

/** Whether a format reads numbers. */
export function countsTime({ format = [] }: Timestamp): boolean {
  return format.some((each) => each in EPOCHS || each === 'excel');
}

/** NULL unless the moment is of a year that has four digits. */
export function withinYears(moment: string): string {
  const [first, last] = ["TIMESTAMP '0001-01-01'", "TIMESTAMP '9999-12-31 23:59:59.999999'"];
  return `CASE WHEN (${moment}) BETWEEN ${first} AND ${last} THEN ${moment} END`;
}

/** A local time as UTC. Where clocks are set back it is the later of the two; where they skip it, as if they hadn't. */
export function inZone(local: string, zone: string | undefined): string {
  return zone === undefined ? local : `((${local}) AT TIME ZONE ${text(zone)})::TIMESTAMP`;
}

/** Date and time to the second, with or without up to six digits of its fraction, in UTC. */
const WHOLE_UTC = '[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,6})?Z?';

function momentOf(it: string, format: string, zone: string | undefined, decimal: '.' | ','): string {
  const unit = EPOCHS[format];
  if (unit !== undefined) return ofMicroseconds(`${decimalOf(it, decimal)} * ${unit}::DECIMAL(7, 0)`);
  if (format === 'excel') {
    // Whole milliseconds: a double of days holds no more.
    const ms = `round((${decimalOf(it, decimal)}::DOUBLE - ${EXCEL_EPOCH_DAYS}) * ${DAY_MS})::DECIMAL(30, 0)`;
    return ofMicroseconds(`${ms} * 1000::DECIMAL(7, 0)`);
  }
  if (format === 'iso') return iso(it, zone);
  const moment = `try_strptime(${it}, ${text(format)})`;
  // A pattern with a zone makes a TIMESTAMPTZ.
  return /%[zZ]/.test(format.replaceAll('%%', '')) ? `(${moment})::TIMESTAMP` : inZone(moment, zone);
}

/** Exact: seconds with nine digits after the point. */
function decimalOf(it: string, decimal: '.' | ','): string {
  const point = decimal === '.' ? it : `replace(${it}, ',', '.')`;
  return `(CASE WHEN NOT contains(${it}, '_') AND NOT contains(${it}, ' ') THEN TRY_CAST(${point} AS DECIMAL(30, 9)) END)`;
}

function ofMicroseconds(us: string): string {
  return `(CASE WHEN (${us}) BETWEEN ${FIRST_US} AND ${LAST_US} THEN make_timestamp(round(${us})::BIGINT) END)`;
}

/**
 * ISO-8601 as people write it: `T` or a blank, with or without seconds, a blank before the offset. A cast straight to
 * TIMESTAMP would drop the zone; the words that a cast knows (`epoch`, `infinity`) don't begin with a digit.
 */
function iso(it: string, zone: string | undefined): string {
  const cast = (of: string) => `TRY_CAST(${of} AS TIMESTAMPTZ)`;
  const joined = `regexp_replace(${it}, ' ([+-][0-9:]+)$', '\\1')`;
  const withSeconds = `regexp_replace(${joined}, '^([0-9-]{10}[T ][0-9]{2}:[0-9]{2})(Z|[+-][0-9:]+)$', '\\1:00\\2')`;
  const moment = `coalesce(${cast(it)}, ${cast(withSeconds)})::TIMESTAMP`;
  const local = inZone(`TRY_CAST(${it} AS TIMESTAMP)`, zone);
  const named = `regexp_matches(${it}, ':[0-9.]+ *[^0-9.: ]')`;
  const found = zone === undefined ? moment : `CASE WHEN ${named} THEN ${moment} ELSE ${local} END`;
  const any = `WHEN ${it}[1] BETWEEN '0' AND '9' THEN ${found}`;
  if (zone !== undefined) return `(CASE ${any} END)`;
  // Most texts are in UTC and whole: there is no zone to look up, which costs five times the rest.
  return `(CASE WHEN regexp_full_match(${it}, '${WHOLE_UTC}') THEN TRY_CAST(${it} AS TIMESTAMP) ${any} END)`;
}
