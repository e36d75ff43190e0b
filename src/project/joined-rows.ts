/** What a joined source has of the source of its rows: their key, event time and known-at. */
import { clocksOf } from './clocks';
import type { Parsed } from './project-schema';

type Source = NonNullable<Parsed['source']>;
export type Sources = Readonly<Record<string, Source>>;

/** Undefined where it is not a join, or its rows are of no source. */
export function rowsOf({ reader }: Source, sources: Sources): Source | undefined {
  if (!('join' in reader)) return undefined;
  return Object.hasOwn(sources, reader.join.rows) ? sources[reader.join.rows] : undefined;
}

/** Fills in what a join leaves out of its rows' key and times. */
export function withRowsTimes(parsed: Parsed): Parsed {
  const sources: Record<string, Source> = {};
  for (const [name, source] of Object.entries(parsed.sources ?? {})) sources[name] = filled(source, sources);
  return {
    ...parsed,
    ...(parsed.sources === undefined ? {} : { sources }),
    ...(parsed.source === undefined ? {} : { source: filled(parsed.source, sources) }),
  };
}

function filled(source: Source, before: Sources): Source {
  const rows = rowsOf(source, before);
  if (rows === undefined) return source;
  const key = source.key ?? rows.key;
  const eventTime = source.eventTime ?? rows.eventTime;
  const knownAt = source.knownAt ?? clocksOf(rows).knownAt ?? rows.knownAt;
  return {
    ...source,
    ...(key === undefined ? {} : { key }),
    ...(eventTime === undefined ? {} : { eventTime }),
    ...(knownAt === undefined ? {} : { knownAt }),
  };
}
