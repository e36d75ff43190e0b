/** Building blocks of the definition's schema: what zod has no words of its own for. */
import { z } from 'zod';
import { DAY_MS, durationText, parseDurationMs } from '../domain/durations';
import { CLIENT_ID, COLUMN_NAME, PROJECT_NAME } from '../domain/ids';
import { everyMs, SHORTEST_MONTH_MS } from '../domain/period';
import { listed, excerptOf } from './mistakes';

/** Entries of a list that people write one by one; and of one that has an entry for each column. */
export const MOST = 200;
export const MOST_COLUMNS = 10_000;
/** Each has a probability in every record of a prediction. */
export const MOST_CLASSES = 1_000;

/** An object without unknown fields; those that there are go to mistakes.ts, for its "did you mean". */
export function record<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) => (issue.code === 'unrecognized_keys' ? Object.keys(shape).join(' ') : undefined),
  });
}

/** Exactly one of several forms, each known by the one field that only it has. */
export function oneOf<Forms extends Readonly<Record<string, z.ZodType>>>(forms: Forms) {
  return z.unknown().transform((value, context): z.output<Forms[keyof Forms]> => {
    const names = Object.keys(forms);
    const found = typeof value === 'object' && value !== null ? names.filter((name) => name in value) : [];
    if (found.length !== 1) {
      const is =
        found.length > 1 ? `has ${found.join(' and ')}` : value === undefined ? 'is missing' : `is ${excerptOf(value)}`;
      context.issues.push({
        code: 'custom',
        input: value,
        message: `must have one field of ${listed(names)}; it ${is}`,
      });
      return z.NEVER;
    }
    const parsed = forms[found[0] as string]!.safeParse(value, { reportInput: true });
    if (parsed.success) return parsed.data as z.output<Forms[keyof Forms]>;
    context.issues.push(...(parsed.error.issues as z.core.$ZodRawIssue[]));
    return z.NEVER;
  });
}

/** A text of a pattern, with the pattern in words. */
export function textOf(pattern: RegExp, words: string) {
  return z.string().regex(pattern, { error: (issue) => `must be ${words}, is ${excerptOf(issue.input)}` });
}

const CLOCKS = {
  event: { other: 'wall', meaning: "the world's time, as the data say" },
  wall: { other: 'event', meaning: "people's and machines' time" },
} as const;
/** Longer ones are slips, and would overflow timers. */
const LONGEST_MS = 10 * 366 * DAY_MS;

/** `{ event: '7 days' }` or `{ wall: '24 hours' }`: of the one clock that fits, in words that durations.ts reads. */
function duration<Clock extends keyof typeof CLOCKS>(clock: Clock, { zero = false } = {}) {
  return z.unknown().transform((value, context): Readonly<Record<Clock, string>> => {
    const problem = durationProblem(clock, value, zero);
    if (problem === undefined)
      return { [clock]: (value as Readonly<Record<Clock, string>>)[clock] } as Record<Clock, string>;
    context.issues.push({ code: 'custom', input: value, message: problem });
    return z.NEVER;
  });
}

function durationProblem(clock: keyof typeof CLOCKS, value: unknown, zero: boolean): string | undefined {
  const { other, meaning } = CLOCKS[clock];
  const example = `write { ${clock}: '7 days' }`;
  if (value === undefined) return `is missing; ${example}`;
  if (typeof value !== 'object' || value === null) return `must name its clock: ${example}, is ${excerptOf(value)}`;
  const keys = Object.keys(value);
  if (keys.includes(other)) return `is by the ${clock} clock (${meaning}), not by ${other}; ${example}`;
  if (keys.length !== 1 || keys[0] !== clock) return `must have the one field ${clock}; ${example}`;
  return textProblem((value as Readonly<Record<string, unknown>>)[clock], zero);
}

function textProblem(text: unknown, zero: boolean): string | undefined {
  const ms = typeof text === 'string' ? parseDurationMs(text) : undefined;
  if (ms === undefined) {
    return `is not a duration: ${excerptOf(text)}; write a number and a unit of millisecond, second, minute, hour, day, week`;
  }
  if (ms > LONGEST_MS) return `is longer than 10 years: ${excerptOf(text)}`;
  return ms > 0 || zero ? undefined : `must be longer than nothing, is ${excerptOf(text)}`;
}

/** Shorter ones would be more windows than anybody reads. */
const SHORTEST_PERIOD_MS = 60_000;

const every = z.string().superRefine((text, context) => {
  const ms = text === 'month' ? SHORTEST_MONTH_MS : everyMs(text);
  const problem =
    ms === undefined
      ? `must be hour, day, week, month, or a duration such as '6 hours', is ${excerptOf(text)}`
      : ms < SHORTEST_PERIOD_MS
        ? `must be a minute or longer, is ${excerptOf(text)}`
        : textProblem(text === 'month' ? '28 days' : durationText(ms), false);
  if (problem !== undefined) context.addIssue(problem);
});
const offset = z.string().superRefine((text, context) => {
  const problem = textProblem(text, true);
  if (problem !== undefined) context.addIssue(problem);
});
export const period = record({ every, offset: offset.optional() });

export const eventDuration = duration('event');
export const eventDurationOrZero = duration('event', { zero: true });
export const wallDuration = duration('wall');

/** A part of a whole, 0 … 1. */
export const share = z.number().min(0).max(1);
/** A part of a whole that is neither none nor all. */
export const confidence = z.number().gt(0).lt(1);
export const atLeastOne = z.number().int().min(1);

/** Params of registered code: any JSON object. */
export const params = z.unknown().transform((value, context): Readonly<Record<string, unknown>> => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    context.issues.push({ code: 'custom', input: value, message: `must be an object, is ${excerptOf(value)}` });
    return z.NEVER;
  }
  for (const mistake of nonJson(value, [])) {
    context.issues.push({ code: 'custom', input: value, message: `is not JSON: ${mistake.found}`, path: mistake.path });
  }
  return value as Readonly<Record<string, unknown>>;
});

export const word = textOf(PROJECT_NAME, 'lower-case letters, digits and -, starting with a letter, at most 48');
export const column = textOf(COLUMN_NAME, 'letters, digits and _, starting with a letter, at most 63');
export const registeredUse = record({
  registered: textOf(CLIENT_ID, 'a registered name of letters, digits and . _ : -'),
  params: params.default({}),
});

function nonJson(value: unknown, path: readonly PropertyKey[]): { path: PropertyKey[]; found: string }[] {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return [];
  if (typeof value === 'number' && Number.isFinite(value)) return [];
  if (Array.isArray(value)) return value.flatMap((element, at) => nonJson(element, [...path, at]));
  // By its tag: an object of another realm is as plain.
  if (typeof value === 'object' && Object.prototype.toString.call(value) === '[object Object]') {
    return Object.entries(value).flatMap(([key, element]) => nonJson(element, [...path, key]));
  }
  return [
    { path: [...path], found: typeof value === 'object' ? Object.prototype.toString.call(value) : excerptOf(value) },
  ];
}
