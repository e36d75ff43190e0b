/**
 * The flights of project.ts, with what the origin was like in the last three hours: how many flights left, and how late
 * those were that had landed by then. It is the best feature there is, and the easiest to get wrong: a mean over all flights that
 * had departed reads delays of flights that are still in the air. That model looks better (AUC 0.75) and knows nothing at push-back.
 */
import { defineProject } from 'temporal-mlops';
import flights from './project';

export default defineProject<string, string>({
  ...flights,
  name: 'flights-last-hours',

  // The history is the flights themselves, as they became known.
  sources: { flights: { ...flights.source, name: 'flights' } },

  views: {
    // A departure is known when it happens: it counts at its event time. What the label is made of can't be read by that clock.
    departures: {
      from: 'flights',
      entity: ['origin'],
      clock: 'eventTime',
      window: { event: '3 hours' },
      ttl: { event: '3 hours' },
      values: { departures: 'count(*)' },
    },
    // A delay is known once the flight has landed: it counts from then on.
    landings: {
      from: 'flights',
      entity: ['origin'],
      window: { event: '3 hours' },
      ttl: { event: '3 hours' },
      values: { meanDelay: 'avg(delay)' },
    },
  },

  source: {
    reader: { join: { rows: 'flights', views: ['departures', 'landings'] } },
    columns: { ...flights.source.columns, departures: 'integer', meanDelay: 'number' },
  },

  features: [
    ...flights.features,
    { transform: 'logStandardize', column: 'departures' },
    // Few flights are a day late; none says more than two hours do.
    { transform: 'clip', column: 'meanDelay', min: -30, max: 120, as: 'recentDelay' },
    { transform: 'standardize', column: 'recentDelay' },
    { transform: 'isMissing', column: 'meanDelay' },
  ],
});
