/** How far each column alone answers the question. One that answers it all is probably the answer itself. */
import type { Database } from '../duckdb';
import { momentOfText } from '../reading/moments-of-text';
import { text } from '../sql';
import type { Asks, ColumnFigures, Follows, TargetFigures } from './figures';
import { type DecimalMark, presentNumber, presentValue } from './present-value';

export type TargetQuestion = Asks & {
  /** Index of the column in the file. */
  readonly column: number;
  /** What stands before the decimals of the file's numbers. */
  readonly decimal: DecimalMark;
};

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
  target: TargetQuestion,
  time?: TimeColumn
): Promise<TargetFigures> {
  await database.run('DROP TABLE IF EXISTS answers');
  await database.run(`CREATE TEMP TABLE answers AS SELECT rowid AS r, (${answerSql(target)}) AS y FROM looked`);
  const { answers, unknown } = await countAnswers(database, target.asks);
  const number = comparedNumber(target);
  const separates: (number | undefined)[] = [];
  const follows: Follows[] = [];
  for (const [i, column] of columns.entries()) {
    const compared = i !== target.column && column.present > 0;
    const isNumber = compared && column.numbers === column.present;
    const it = presentNumber(i, target.decimal);
    follows.push(isNumber ? await followed(database, it, number, time?.column === i ? undefined : time) : {});
    const isOpen = compared && answers.length > (target.asks === 'number' ? 0 : 1);
    separates.push(isOpen ? await separation(database, { index: i, column, follows: follows[i]!, target }) : undefined);
  }
  return { answers, unknown, separates, follows };
}

function answerSql(target: TargetQuestion): string {
  const value = presentValue(target.column);
  const number = presentNumber(target.column, target.decimal);
  if (target.asks === 'number') return number;
  if (target.asks === 'class')
    return `CASE WHEN ${value} IN (${target.classes.map(text).join(', ')}) THEN ${value} END`;
  return typeof target.value === 'number'
    ? `(${number}) ${target.op} '${target.value}'::DOUBLE`
    : `${value} ${target.op} ${text(target.value)}`;
}

function comparedNumber(target: TargetQuestion): string | undefined {
  const isNumber = target.asks === 'number' || (target.asks === 'condition' && typeof target.value === 'number');
  return isNumber ? presentNumber(target.column, target.decimal) : undefined;
}

async function countAnswers(
  database: Database,
  asks: Asks['asks']
): Promise<Pick<TargetFigures, 'answers' | 'unknown'>> {
  const named = { condition: "CASE WHEN y THEN 'yes' ELSE 'no' END", number: "'labelled'", class: 'y' }[asks];
  const rows = await database.rows(
    `SELECT CASE WHEN y IS NOT NULL THEN ${named} END AS answer, count(*) AS n FROM answers GROUP BY answer ORDER BY answer`
  );
  const known = rows.filter(({ answer }) => answer !== null);
  return {
    answers: known.map(({ answer, n }) => ({ value: String(answer), count: Number(n) })),
    unknown: Number(rows.find(({ answer }) => answer === null)?.['n'] ?? 0),
  };
}

async function followed(
  database: Database,
  it: string,
  answer: string | undefined,
  time: TimeColumn | undefined
): Promise<Follows> {
  const moment =
    time === undefined
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

interface Compared {
  readonly index: number;
  readonly column: ColumnFigures;
  readonly follows: Follows;
  readonly target: TargetQuestion;
}

async function separation(
  database: Database,
  { index, column: { numbers, present, distinct }, follows, target: { asks, decimal } }: Compared
): Promise<number | undefined> {
  const isNumber = numbers === present;
  if (asks === 'number') return follows.target === undefined ? undefined : 0.5 + Math.abs(follows.target) / 2;
  if (asks === 'condition' && isNumber) return areaUnderCurve(database, presentNumber(index, decimal));
  const most = MOST_VALUES * present;
  if (distinct <= most) return guessedByValue(database, presentValue(index));
  return isNumber ? guessedByValue(database, bucketOf(presentNumber(index, decimal), Math.ceil(most))) : undefined;
}

/** Of equally many rows each. */
const bucketOf = (number: string, buckets: number): string => `ntile(${buckets}) OVER (ORDER BY ${number})`;

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
    `WITH pairs AS (SELECT ${value} AS v, y FROM looked JOIN answers ON looked.rowid = answers.r),
       known AS (SELECT v, y, count(*)::DOUBLE AS n FROM pairs WHERE v IS NOT NULL AND y IS NOT NULL GROUP BY v, y),
       by_value AS (SELECT max(n) AS "right" FROM known GROUP BY v),
       by_answer AS (SELECT sum(n) AS n FROM known GROUP BY y)
     SELECT (SELECT sum("right") FROM by_value) / sum(n) AS best, max(n) / sum(n) AS plain FROM by_answer`
  );
  const best = Number(found?.['best']);
  const plain = Number(found?.['plain']);
  return plain >= 1 ? undefined : 0.5 + (best - plain) / (1 - plain) / 2;
}
