import type { Season } from './definition';

const DAY_MS = 86_400_000;

/** Half-open [from, to) of event time, ISO-8601 UTC. */
export interface Period {
  readonly from: string;
  readonly to: string;
}

const iso = (ms: number): string => new Date(ms).toISOString();

/** The season that `time` falls into. Day 0 of 1970-01-01 is a Thursday: 7 days with offset 0 start on Thursdays. */
export function seasonOf(season: Season, time: string): Period {
  const length = season.days * DAY_MS;
  const offset = season.offsetDays * DAY_MS;
  const start = Math.floor((Date.parse(time) - offset) / length) * length + offset;
  return { from: iso(start), to: iso(start + length) };
}

/** The last `count` whole seasons that ended by `asOf`, as one period. */
export function lastWholeSeasons(season: Season, count: number, asOf: string): Period {
  const current = seasonOf(season, asOf);
  const from = Date.parse(current.from) - count * season.days * DAY_MS;
  return { from: iso(from), to: current.from };
}

export function nextSeason(season: Season, period: Period): Period {
  return seasonOf(season, period.to);
}
