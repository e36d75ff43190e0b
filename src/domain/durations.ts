/**
 * Every duration of a project names its clock. `event`: the world's time, read from the endpoint's
 * watermark. `wall`: people's and machines' time. They are never compared with each other.
 */
export interface EventDuration {
  readonly event: string;
}
export interface WallDuration {
  readonly wall: string;
}

/** The civil day in UTC, which has no leap seconds. */
export const DAY_MS = 86_400_000;
export const HOUR_US = 3_600_000_000;
export const DAY_US = 24 * HOUR_US;

const UNITS: Readonly<Record<string, number>> = {
  millisecond: 1,
  second: 1_000,
  minute: 60_000,
  hour: 3_600_000,
  day: DAY_MS,
  week: 7 * DAY_MS,
};
const DURATION = /^(\d+(?:\.\d+)?) (millisecond|second|minute|hour|day|week)s?$/;

/** `'7 days'` → 604800000. Undefined where the text is not a duration. */
export function parseDurationMs(text: string): number | undefined {
  const match = DURATION.exec(text);
  if (match === null) return undefined;
  return Math.round(Number(match[1]) * (UNITS[match[2] as string] as number));
}

/** `1209600000` → `'14 days'`: in the largest unit but weeks that it has a whole number of. */
export function durationText(ms: number): string {
  const unit = (['day', 'hour', 'minute', 'second'] as const).find((each) => ms % (UNITS[each] as number) === 0);
  const count = ms / (UNITS[unit ?? 'millisecond'] as number);
  return `${count} ${unit ?? 'millisecond'}${count === 1 ? '' : 's'}`;
}

/** Milliseconds of a duration that project/ has already checked. */
export function durationMs(duration: EventDuration | WallDuration): number {
  const text = 'event' in duration ? duration.event : duration.wall;
  const ms = parseDurationMs(text);
  if (ms === undefined) throw new Error(`not a duration: ${JSON.stringify(text)}`);
  return ms;
}
