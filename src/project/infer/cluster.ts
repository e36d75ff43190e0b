/** Which rows depend on each other: those of one thing that is measured again and again. */
import type { Cluster } from '../../domain/definition';
import type { InferredColumn } from './columns';
import type { Inferred } from './time';
import { counted } from './words';

/** Intervals by fewer blocks would say little. */
const LEAST_CLUSTERS = 10;
const LEAST_TIMES = 5;

/** Where a key is one column and the event time, that column names what the rows are about. */
export function inferCluster(
  rows: number,
  key: readonly InferredColumn[],
  time: InferredColumn
): Inferred<Cluster> | undefined {
  const [named, ...others] = key.filter(({ index }) => index !== time.index);
  if (named === undefined || others.length > 0 || key.length !== 2) return undefined;
  const { distinct } = named.figures;
  if (distinct < LEAST_CLUSTERS || rows / distinct < LEAST_TIMES) return undefined;
  return {
    value: { column: named.name },
    why: `${counted(distinct)} values of ${named.name}, each in about ${counted(Math.round(rows / distinct))} rows at different times: rows of one depend on each other`,
  };
}
