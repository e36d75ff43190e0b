/** How far each column alone answers the question. One that answers it all is probably the answer itself. */
import type { Database } from '../duckdb';
import { text } from '../sql';
import type { ColumnFigures, TargetFigures } from './figures';
import { presentValue } from './present-value';

export interface TargetCondition {
  /** Index of the column in the file. */
  readonly column: number;
  readonly op: '>' | '>=' | '<' | '<=' | '=';
  readonly value: number | string;
  /** The file's numbers: with a comma before the decimals. */
  readonly decimalComma: boolean;
}

/** A text with more values than this share of the rows would fit any target by heart. */
const MOST_VALUES = 0.05;

export async function targetFigures(
  database: Database,
  columns: readonly ColumnFigures[],
  target: TargetCondition
): Promise<TargetFigures> {
  const value = presentValue(target.column);
  const number = target.decimalComma ? `replace(replace(${value}, '.', ''), ',', '.')` : value;
  const condition =
    typeof target.value === 'number'
      ? `TRY_CAST(${number} AS DOUBLE) ${target.op} '${target.value}'::DOUBLE`
      : `${value} ${target.op} ${text(target.value)}`;
  await database.run('DROP TABLE IF EXISTS answers');
  await database.run(`CREATE TEMP TABLE answers AS SELECT rowid AS r, (${condition}) AS y FROM looked`);
  const [counts] = await database.rows(
    'SELECT count(*) FILTER (WHERE y) AS yes, count(*) FILTER (WHERE NOT y) AS no, count(*) FILTER (WHERE y IS NULL) AS unknown FROM answers'
  );
  const yes = Number(counts?.['yes']);
  const no = Number(counts?.['no']);
  const separates: (number | undefined)[] = [];
  for (const [i, column] of columns.entries()) {
    const skip = i === target.column || yes === 0 || no === 0 || column.present === 0;
    separates.push(skip ? undefined : await separation(database, i, column));
  }
  return { yes, no, unknown: Number(counts?.['unknown']), separates };
}

async function separation(
  database: Database,
  index: number,
  { numbers, present, distinct }: ColumnFigures
): Promise<number | undefined> {
  const it = presentValue(index);
  if (numbers === present) return await areaUnderCurve(database, `TRY_CAST(${it} AS DOUBLE)`);
  if (distinct > MOST_VALUES * present) return undefined;
  return await guessedByValue(database, it);
}

/** Mann and Whitney's: ties count half. The greater of both directions. */
async function areaUnderCurve(database: Database, value: string): Promise<number | undefined> {
  const [found] = await database.rows(
    `WITH pairs AS (SELECT ${value} AS v, y::INTEGER AS y FROM looked JOIN answers ON looked.rowid = answers.r WHERE y IS NOT NULL),
       known AS (SELECT v, count(*)::DOUBLE AS n, sum(y)::DOUBLE AS yes FROM pairs WHERE v IS NOT NULL AND NOT isnan(v) GROUP BY v),
       run AS (SELECT yes, n - yes AS no, coalesce(sum(n - yes) OVER (ORDER BY v ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS below FROM known)
     SELECT sum(yes * (below + no / 2)) / nullif(sum(yes) * sum(no), 0) AS area FROM run`
  );
  const area = found?.['area'];
  return area === null || area === undefined ? undefined : Math.max(Number(area), 1 - Number(area));
}

/** Cohen's kappa of the best guess by value, moved to 0.5…1. */
async function guessedByValue(database: Database, value: string): Promise<number | undefined> {
  const [found] = await database.rows(
    `WITH by_value AS (SELECT ${value} AS v, count(*)::DOUBLE AS n, count(*) FILTER (WHERE y)::DOUBLE AS yes
       FROM looked JOIN answers ON looked.rowid = answers.r WHERE y IS NOT NULL GROUP BY v)
     SELECT sum(greatest(yes, n - yes)) / sum(n) AS best, greatest(sum(yes), sum(n) - sum(yes)) / sum(n) AS plain
     FROM by_value WHERE v IS NOT NULL`
  );
  const best = Number(found?.['best']);
  const plain = Number(found?.['plain']);
  return plain >= 1 ? undefined : 0.5 + (best - plain) / (1 - plain) / 2;
}
