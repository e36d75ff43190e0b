import type { Parsed } from './project-schema';

type Source = NonNullable<Parsed['source']>;

/** A row is known at its event time, unless the source says otherwise. */
export function clocksOf({ eventTime, knownAt }: Source): Pick<Source, 'knownAt'> {
  if (eventTime === undefined || knownAt !== undefined) return {};
  return { knownAt: { eventTimePlus: { minutes: 0, minutesPer: {} } } };
}
