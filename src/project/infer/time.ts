/** The key, the event time, and the periods that the rows are split by. */
import type { Period, SplitDefinition } from '../../domain/definition';
import { DAY_MS } from '../../domain/durations';
import type { TableFigures } from '../../engines/tables/look/figures';
import type { InferredColumn } from './columns';
import { counted, listOf } from './words';

export interface Inferred<T> {
  readonly value: T;
  readonly why: string;
  readonly decide?: string;
}

const KEY_NAME = /(^|_)(id|key|uuid|code|no|number)$|(Id|ID|Key)$/;

/** The columns of the smallest set that names each row; undefined where none does. */
export function inferKey(
  { rows, unique, repeated, cut }: TableFigures,
  columns: readonly InferredColumn[]
): Inferred<readonly InferredColumn[]> | undefined {
  if (cut) return undefined;
  const sets = unique
    .map((set) => set.map((index) => columns.find((column) => column.index === index)))
    .filter((set): set is InferredColumn[] => set.every((column) => column !== undefined));
  const named = sets.find((set) => set.some(({ name }) => KEY_NAME.test(name)));
  const value = named ?? sets[0];
  if (value === undefined || repeated > 0) return undefined;
  const others = sets.filter((set) => set !== value).map((set) => set.map(({ name }) => name).join(' and '));
  return {
    value,
    why: `no two of the ${counted(rows)} rows have the same`,
    ...(others.length === 0 || named !== undefined
      ? {}
      : { decide: `${listOf(others, 3)} would do, too: which of them stays the same when a row is corrected?` }),
  };
}

const EVENT_NAME = /date|time|day|at$|when|timestamp|ts$/i;
const LEAST_PRESENT = 0.95;

/** The time at which a row's event took place. */
export function inferEventTime(rows: number, columns: readonly InferredColumn[]): Inferred<InferredColumn> | undefined {
  const times = columns.filter(
    ({ type, time, figures }) => type === 'timestamp' && time !== undefined && figures.present >= LEAST_PRESENT * rows
  );
  const named = times.filter(({ name }) => EVENT_NAME.test(name));
  const value = named[0] ?? times[0];
  if (value === undefined) return undefined;
  const others = times.filter((column) => column !== value).map(({ name }) => name);
  const { time, figures } = value;
  return {
    value,
    why: `${time?.min.slice(0, 10)} to ${time?.max.slice(0, 10)}${figures.present < rows ? `; ${counted(rows - figures.present)} rows have none and go to quarantine` : ''}`,
    ...(others.length === 0 ? {} : { decide: `${listOf(others)} could be it, too` }),
  };
}

/** The longest month. */
const MONTH_MINUTES = 31 * 24 * 60;

export interface InferredKnownAt {
  readonly eventTimePlus: { readonly minutes: number };
}

/**
 * When a row is known, where its time is but its beginning: what a month came to can't be known before its end. Of days and hours the
 * times don't say whether a row sums one up.
 */
export function inferKnownAt({ name, time }: InferredColumn): Inferred<InferredKnownAt> | undefined {
  if (time?.step !== 'month') return undefined;
  return {
    value: { eventTimePlus: { minutes: MONTH_MINUTES } },
    why: `each ${name} is the first of a month: a row is not known before its month is over, 31 days later at the latest`,
    decide: 'when it is published; if the file has a column that says so, name that one: { column: … }',
  };
}

export interface InferredSplit {
  readonly period: Inferred<Period>;
  readonly split: Inferred<SplitDefinition>;
  readonly minRows: Inferred<number>;
}

const LEAST_TEST_ROWS = 200;
const WANTED_OF_PERIOD = 50;
/** Where a period is what the times are the beginnings of, so that nothing shorter has a meaning. */
const WANTED_OF_STEP = 20;
const LENGTHS = [
  { every: 'hour', days: 1 / 24, name: 'hours' },
  { every: 'day', days: 1, name: 'days' },
  { every: 'week', days: 7, name: 'weeks from Monday' },
  { every: 'month', days: 365.25 / 12, name: 'months' },
  { every: '91 days', days: 91, name: '13 weeks each' },
] as const;
const LONGEST = { every: '364 days', days: 364, name: '52 weeks each' } as const;

/** The last fifth of the rows tests, in whole periods; a period is the shortest one that has some rows. */
export function inferSplit(rows: number, { time }: InferredColumn): InferredSplit {
  const [from, p80, to] = [time?.min, time?.p80, time?.p99].map((iso) => Date.parse(iso ?? '') / DAY_MS) as [
    number,
    number,
    number,
  ];
  const least = time?.step === 'hour' ? 1 / 24 : 1;
  const days = Math.max(least, to - from);
  // By the last fifth, where rows may be denser than before.
  const perDay = (0.19 * rows) / Math.max(least, to - p80);
  const step = LENGTHS.findIndex((each) => each.every === time?.step);
  // Where times are of any moment, an hour would be as good as a minute.
  const lengths = LENGTHS.slice(Math.max(step, time?.step === 'hour' ? 0 : 1));
  const wanted = (every: string) => (every === time?.step ? WANTED_OF_STEP : WANTED_OF_PERIOD);
  const {
    every,
    days: length,
    name,
  } = lengths.find((each) => Math.round(perDay * each.days) >= wanted(each.every)) ?? LONGEST;
  const testDays = Math.min(Math.max(to - p80, LEAST_TEST_ROWS / perDay), days / 2);
  const testPeriods = Math.max(1, Math.round(testDays / length));
  const testRows = Math.min(Math.round(perDay * length * testPeriods), rows);
  const ofPeriod = Math.round(perDay * length);
  return {
    period: {
      value: { every },
      why: `${name} of about ${counted(ofPeriod)} rows`,
    },
    split: {
      value: {
        by: 'time',
        testPeriods,
        validationPeriods: 0,
        minTrainRows: Math.max(10, Math.floor((rows - testRows) / 2)),
        minTestRows: Math.max(10, Math.floor(testRows / 2)),
      },
      why: `the last ${counted(testPeriods)} whole periods, about ${counted(testRows)} rows, test; all before train`,
    },
    minRows: {
      value: Math.min(200, Math.max(10, Math.floor(ofPeriod / 2))),
      why: 'windows of monitoring have the same length; one with fewer rows gets no verdict',
    },
  };
}
