/** The order in which a batch's rows lie in its shards, and where it is made: as early as that costs least. */
import type { SourceDefinition } from '../../domain/definition';
import type { IngestPlan } from './ingest-plan';
import { column, FILE, KEY, ROW } from './sql';

/** Event time (where there is one), key; equal rows by where they come from. */
export function rowOrder({ eventTime }: Pick<SourceDefinition, 'eventTime'>): readonly string[] {
  return [...(eventTime === undefined ? [] : [column(eventTime)]), ...[KEY, FILE, ROW].map((name) => `"${name}"`)];
}

/** Whether staged rows lie in order. Of a whole that is read again most rows are there already: only the new ones are put in order. */
export function liesInOrder({ parent, reads }: Pick<IngestPlan, 'parent' | 'reads'>): boolean {
  return parent === undefined || reads === 'added';
}
