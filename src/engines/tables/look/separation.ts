/** How far each column alone answers the question. One that answers it all is probably the answer itself. */
import type { Database } from '../duckdb';
import { momentOfText } from '../reading/moments-of-text';
import { text } from '../sql';
import type { ColumnFigures, Follows, TargetFigures } from './figures';
import { presentValue } from './present-value';

export interface TargetCondition {
  /** Index of the column in the file. */
  readonly column: number;
  readonly op: '>' | '>=' | '<' | '<=' | '=';
  readonly value: number | string;
  /** The file's numbers: with a comma before the decimals. */
  readonly decimalComma: boolean;
}

export interface TimeColumn {
  /** Index in the file. */
  readonly column: number;
  readonly format: string;
}

/** A text with more values than this share of the rows would fit any target by heart. */
const MOST_VALUES = 0.05;

export async function targetFigures(
  database: Database,
  columns: readonly ColumnFigures[],
  target: TargetCondition,
  time?: TimeColumn
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
  const answer = typeof target.value === 'number' ? `TRY_CAST(${number} AS DOUBLE)` : undefined;
  const follows: Follows[] = [];
  for (const [i, { numbers, present }] of columns.entries()) {
    const compared = i !== target.column && present > 0 && numbers === present;
    follows.push(compared ? await followed(database, i, answer, time) : {});
  }
  return { yes, no, unknown: Number(counts?.['unknown']), separates, follows };
}

async function followed(
  database: Database,
  index: number,
  answer: string | undefined,
  time: TimeColumn | undefined
): Promise<Follows> {
  const it = `TRY_CAST(${presentValue(index)} AS DOUBLE)`;
  const moment =
    time === undefined || time.column === index
      ? undefined
      : `epoch_us(${momentOfText(presentValue(time.column), { format: [time.format] }, '.')})`;
  const found = {
    target: answer === undefined ? undefined : await rankCorrelation(database, it, answer),
    time: moment === undefined ? undefined : await rankCorrelation(database, it, moment),
  };
  return {
    ...(found.target === undefined ? {} : { target: found.target }),
    ...(found.time === undefined ? {} : { time: found.time }),
  };
}

/** Spearman's, equal values at their mean rank; of rows that have both. */
async function rankCorrelation(database: Database, one: string, other: string): Promise<number | undefined> {
  const [found] = await database.rows(
    `WITH pairs AS (SELECT * FROM (SELECT ${one} AS a, ${other} AS b FROM looked) WHERE a IS NOT NULL AND b IS NOT NULL AND NOT isnan(a)),
       ranks AS (SELECT rank() OVER (ORDER BY a) + count(*) OVER (PARTITION BY a) / 2 AS ra,
         rank() OVER (ORDER BY b) + count(*) OVER (PARTITION BY b) / 2 AS rb FROM pairs)
     SELECT CASE WHEN count(DISTINCT ra) > 1 AND count(DISTINCT rb) > 1 THEN corr(ra, rb) END AS r FROM ranks`
  );
  const r = found?.['r'];
  return r === null || r === undefined ? undefined : Number(r);
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
