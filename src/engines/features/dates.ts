/**
 * Parts of a date in UTC, in the graph: integer arithmetic on int64 microseconds (Howard Hinnant, chrono-Compatible
 * Low-Level Date Algorithms). Mod floors, and Div only ever sees a non-negative quotient.
 */
import { DAY_US, HOUR_US } from '../../domain/durations';
import type { Value } from '../onnx/graph';
import type { Operators } from '../onnx/operators';
import { type Column, MISSING_TIMESTAMP } from '../tables/columns';
import { type Emitter, perFeature, range, repeat, rowsOf } from './emitter';
import type { Fitted } from './fitted';
import { isFinite, type NumberKind } from './number-kind';
import { meanOf } from './statistics';

type Part = Fitted<'datePart'>['part'];

/** Days from 0000-03-01, where years of 400 end with a leap day, to 1970-01-01. */
const DAYS_BEFORE_1970 = 719_468;
const ERA_DAYS = 146_097;
const ERA_YEARS = 400;

/** Features of one group have one `part`. */
export const datePart: NumberKind<'datePart'> = {
  fit: ({ part }, [column]) => ({ fill: meanOf(partsOf(column, part)) }),
  values: ({ part }, [column]) => partsOf(column, part),
  emit: (o, features, inputs) => {
    const times = rowsOf(features, inputs);
    const part = o.cast(partIn(o, times, features[0]!.part), 'float64');
    return o.where(isMissingTime(o, times), o.scalar(Number.NaN, 'float64'), part);
  },
};

/** 1 on the days that are listed, else 0. */
export const holiday: Emitter<Fitted<'holiday'>> = (o, features, inputs) => {
  const flags = features.map(({ column, dates }) => {
    const times = inputs.vector(column);
    const listed = [
      { days: dates.filter(isDate).map(dayNumber), value: () => dayOf(o, times) },
      { days: dates.filter((date) => !isDate(date)).map(monthAndDay), value: () => monthTimes100(o, times) },
    ].flatMap(({ days, value }) => (days.length === 0 ? [] : [o.isAnyOf(value(), [...new Set(days)])]));
    const flag = listed.length === 1 ? listed[0]! : o.or(listed[0]!, listed[1]!);
    return o.and(flag, o.not(isMissingTime(o, times)));
  });
  return o.cast(o.stack(flags), 'float32');
};

/** Each feature's sines, then cosines, of 1 to so many turns a period; all 0 where there is no number. */
export const cycle: Emitter<Fitted<'cycle'>> = (o, features, inputs) => {
  const counts = features.map(({ harmonics }) => 2 * harmonics);
  const numbers = repeat(o, rowsOf(features, inputs), counts);
  const turns = features.flatMap(({ period, harmonics }) => {
    const each = range(harmonics).map((h) => (2 * Math.PI * (h + 1)) / period);
    return [...each, ...each];
  });
  const isSine = features.flatMap(({ harmonics }) => range(2 * harmonics).map((i) => (i < harmonics ? 1 : 0)));
  const angles = o.mul(numbers, perFeature(o, 'float64', turns));
  const missing = o.not(isFinite(o, angles));
  const sine = o.equal(perFeature(o, 'int64', isSine), o.integer(1));
  const sure = o.where(missing, o.scalar(0, 'float64'), angles);
  const values = o.where(sine, o.sin(sure), o.cos(sure));
  return o.cast(o.where(missing, o.scalar(0, 'float64'), values), 'float32');
};

function partIn(o: Operators, times: Value, part: Part): Value {
  switch (part) {
    case 'hour':
      return o.div(o.mod(times, o.integer(DAY_US)), o.integer(HOUR_US));
    case 'weekday':
      return o.mod(o.add(dayOf(o, times), o.integer(3)), o.integer(7));
    case 'dayOfMonth':
      return civil(o, times).day;
    case 'month':
      return civil(o, times).month;
    case 'quarter':
      return o.div(o.add(civil(o, times).month, o.integer(2)), o.integer(3));
    case 'year':
      return civil(o, times).year;
    case 'dayOfYear': {
      const before = o.sub(civil(o, times).year, o.integer(1));
      const leaps = o.add(
        o.sub(o.div(before, o.integer(4)), o.div(before, o.integer(100))),
        o.div(before, o.integer(ERA_YEARS))
      );
      // Days from 0001-01-01 to the first of January, and from 1970-01-01 to the time.
      const toJanuary = o.add(o.mul(before, o.integer(365)), leaps);
      return o.sub(o.add(dayOf(o, times), o.integer(719_163)), toJanuary);
    }
  }
}

/** Days since 1970-01-01. */
function dayOf(o: Operators, times: Value): Value {
  return floorDiv(o, times, DAY_US);
}

function floorDiv(o: Operators, x: Value, by: number): Value {
  return o.div(o.sub(x, o.mod(x, o.integer(by))), o.integer(by));
}

function civil(o: Operators, times: Value): { readonly year: Value; readonly month: Value; readonly day: Value } {
  const days = o.add(dayOf(o, times), o.integer(DAYS_BEFORE_1970));
  const ofEra = o.mod(days, o.integer(ERA_DAYS));
  const per = (x: Value, count: number) => o.div(x, o.integer(count));
  const yearOfEra = per(o.sub(o.add(o.sub(ofEra, per(ofEra, 1460)), per(ofEra, 36_524)), per(ofEra, 146_096)), 365);
  const daysBefore = o.sub(o.add(o.mul(yearOfEra, o.integer(365)), per(yearOfEra, 4)), per(yearOfEra, 100));
  const dayOfYear = o.sub(ofEra, daysBefore);
  // March is 0, and February, whose length differs, 11.
  const fromMarch = per(o.add(o.mul(dayOfYear, o.integer(5)), o.integer(2)), 153);
  const daysToMonth = per(o.add(o.mul(fromMarch, o.integer(153)), o.integer(2)), 5);
  const isNextYear = o.lessOrEqual(o.integer(10), fromMarch);
  const month = o.add(fromMarch, o.where(isNextYear, o.integer(-9), o.integer(3)));
  const year = o.add(
    o.add(yearOfEra, o.mul(floorDiv(o, days, ERA_DAYS), o.integer(ERA_YEARS))),
    o.cast(isNextYear, 'int64')
  );
  return { year, month, day: o.add(o.sub(dayOfYear, daysToMonth), o.integer(1)) };
}

function monthTimes100(o: Operators, times: Value): Value {
  const { month, day } = civil(o, times);
  return o.add(o.mul(month, o.integer(100)), day);
}

function isMissingTime(o: Operators, times: Value): Value {
  return o.equal(times, o.integer(MISSING_TIMESTAMP));
}

/** `2026-12-25`; else `12-25`, of every year. */
function isDate(date: string): boolean {
  return date.length > 5;
}

function dayNumber(date: string): number {
  return Date.parse(`${date}T00:00:00Z`) / 864e5;
}

function monthAndDay(date: string): number {
  return 100 * Number(date.slice(0, 2)) + Number(date.slice(3));
}

function partsOf(column: Column | undefined, part: Part): Float64Array {
  if (column?.type !== 'timestamp') return new Float64Array();
  return Float64Array.from(column.values, (time) => (time === MISSING_TIMESTAMP ? Number.NaN : partAt(time, part)));
}

function partAt(time: bigint, part: Part): number {
  const date = new Date(Math.floor(Number(time) / 1000));
  switch (part) {
    case 'hour':
      return date.getUTCHours();
    case 'weekday':
      return (date.getUTCDay() + 6) % 7;
    case 'dayOfMonth':
      return date.getUTCDate();
    case 'month':
      return date.getUTCMonth() + 1;
    case 'quarter':
      return Math.floor(date.getUTCMonth() / 3) + 1;
    case 'year':
      return date.getUTCFullYear();
    case 'dayOfYear':
      return Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / 864e5) + 1;
  }
}
