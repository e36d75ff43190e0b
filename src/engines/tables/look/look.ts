/** Looks at a file of any table: how it is written, and what its columns hold. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { columnTypeOf, widthOfVector } from '../../../domain/definition';
import { type Database, withDatabase } from '../duckdb';
import { parsed } from '../reading/text-values';
import type { ColumnFigures, TableFigures, ValueCount } from './figures';
import { partsOfTime } from './parts-of-time';
import { type DecimalMark, presentValue } from './present-value';
import { empty, type LookedFormat, makeRawTable } from './raw-table';
import { frequentWordsOf, kindsOf } from './texts';
import { mixedTimes, timeReadings } from './times';
import { uniqueSets } from './unique';

/** Rows that are looked at; figures of more take minutes and change little. */
export const MOST_LOOKED_AT = 1_000_000;
const TOP = 10;
/** Characters, in the mean, from which values may be what somebody wrote. */
const LONG = 40;
/** Digits in groups, with a sign, a currency or a unit around them. */
const MARKED = "[^0-9A-Za-z]{0,3}[0-9]+([.,'' ][0-9]+)*[^0-9]{0,3}";

export interface Look extends TableFigures {
  /** Runs while the table is there: figures that depend on what was decided by the first ones. */
  readonly database: Database;
}

/**
 * @param file a local path
 * @param use gets the figures, and the database with the table `looked` (columns c0, c1, … as text)
 * @throws MlopsError MLOPS_SOURCE_UNREADABLE, MLOPS_SOURCE_EMPTY, MLOPS_OUT_OF_MEMORY
 */
export async function lookAt<T>(
  { file, format }: { readonly file: string; readonly format: LookedFormat },
  use: (look: Look) => Promise<T>
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'mlops-look-'));
  try {
    return await lookInside(folder, { file, format }, use);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function lookInside<T>(
  folder: string,
  { file, format }: { readonly file: string; readonly format: LookedFormat },
  use: (look: Look) => Promise<T>
): Promise<T> {
  return await withDatabase({ files: [file], folder }, async (database) => {
    const raw = await makeRawTable(database, { file, format, folder }, MOST_LOOKED_AT);
    const count = Number((await database.rows('SELECT count(*) AS n FROM looked'))[0]?.['n']);
    if (count === 0) throw empty(file);
    const cut = count > MOST_LOOKED_AT;
    if (cut) await database.run(`DELETE FROM looked WHERE rowid >= ${MOST_LOOKED_AT}`);
    const figuresBy = async (mark: DecimalMark): Promise<ColumnFigures[]> => {
      const each: ColumnFigures[] = [];
      for (const [i, column] of raw.columns.entries())
        each.push({ ...column, ...(await figuresOf(database, i, { decimal: mark })) });
      return each;
    };
    const withPoints = await figuresBy('.');
    const decimal = withPoints.some(hasCommas) ? ',' : '.';
    const columns = decimal === '.' ? withPoints : await figuresBy(',');
    const all = raw.columns.map((_, i) => `c${i}`).join(', ');
    const [distinct] = await database.rows(`SELECT count(*) AS n FROM (SELECT DISTINCT ${all} FROM looked)`);
    const rows = Math.min(count, MOST_LOOKED_AT);
    columns.push(...(await momentOfParts(database, columns, rows, decimal)));
    const figures: TableFigures = {
      rows,
      cut,
      ...(raw.dialect === undefined ? {} : { dialect: { ...raw.dialect, decimal } }),
      columns,
      unique: await uniqueSets(database, rows, columns),
      repeated: rows - Number(distinct?.['n']),
    };
    return await use({ ...figures, database });
  });
}

/** Of this share of the values, some may be mistakes. */
const MOST_MISTAKES = 0.01;

/** Nearly all are numbers, and only a comma before the decimals makes them numbers. */
const hasCommas = ({ stored, commaNumbers, present, numbers }: ColumnFigures): boolean =>
  stored === 'text' && commaNumbers > 0 && numbers < present && commaNumbers + numbers >= (1 - MOST_MISTAKES) * present;

/** A column more in the table and in the figures, where several of the file's are parts of one moment. */
async function momentOfParts(
  database: Database,
  columns: readonly ColumnFigures[],
  rows: number,
  decimal: DecimalMark
): Promise<readonly ColumnFigures[]> {
  const found = partsOfTime(columns, rows);
  if (found === undefined) return [];
  const { parts, formats } = found;
  const index = columns.length;
  const together = parts.map(presentValue).join(` || ' ' || `);
  await database.run(`ALTER TABLE looked ADD COLUMN c${index} VARCHAR`);
  await database.run(`UPDATE looked SET c${index} = ${together}`);
  const figures = await figuresOf(database, index, { decimal, formats });
  const name = parts.map((at) => columns[at]!.name.trim()).join('_');
  return figures.times.length === 0 ? [] : [{ name, parts, stored: 'text', ...figures }];
}

async function figuresOf(
  database: Database,
  index: number,
  { decimal, formats }: { readonly decimal: DecimalMark; readonly formats?: readonly string[] }
): Promise<Omit<ColumnFigures, 'name' | 'stored'>> {
  const marks = await database.rows(
    `SELECT coalesce(trim(c${index}), '') AS value, count(*) AS n FROM looked
     WHERE ${presentValue(index)} IS NULL GROUP BY value ORDER BY n DESC, value`
  );
  await database.run('DROP TABLE IF EXISTS one');
  await database.run(
    `CREATE TEMP TABLE one AS SELECT v, n, ${parsed({ type: 'number' }, 'v', decimal)} AS d, ${parsed({ type: 'integer' }, 'v', decimal)} AS i
     FROM (SELECT ${presentValue(index)} AS v, count(*) AS n FROM looked GROUP BY v) WHERE v IS NOT NULL`
  );
  const sum = (condition: string, name: string) => `coalesce(sum(n) FILTER (WHERE ${condition}), 0)::DOUBLE AS ${name}`;
  const [found] = await database.rows(
    `SELECT ${sum('true', 'present')}, count(*)::DOUBLE AS distinct,
       ${sum('i IS NOT NULL', 'integers')},
       ${sum('d IS NOT NULL', 'numbers')},
       ${sum("regexp_full_match(v, '[+-]?[0-9]+,[0-9]+') AND NOT regexp_full_match(v, '[+-]?[1-9][0-9]{0,2},[0-9]{3}')", 'commas')},
       ${sum(`d IS NOT NULL OR regexp_full_match(v, '${MARKED}')`, 'marked')},
       ${sum("i IS NULL AND regexp_full_match(v, '[+-]?[0-9]{16,}')", 'long')},
       ${sum("lower(v) IN ('true', 'false', 't', 'f', 'yes', 'no')", 'booleans')},
       ${sum("regexp_full_match(v, '0[0-9]+')", 'zeros')},
       coalesce(sum(length(v) * n) / sum(n), 0)::DOUBLE AS length,
       ${sum("contains(v, ' ')", 'blanks')} FROM one`
  );
  const top = await database.rows(`SELECT v AS value, n FROM one ORDER BY n DESC, v LIMIT ${TOP}`);
  const figure = (name: string) => Number(found?.[name]);
  const numeric = figure('numbers') > figure('present') / 2 ? await spreadOf(database) : undefined;
  const others =
    numeric === undefined || figure('numbers') === figure('present')
      ? []
      : await database.rows('SELECT v AS value, n FROM one WHERE d IS NULL ORDER BY n DESC, v LIMIT 3');
  const vectors = await vectorsOf(database);
  const times = await timeReadings(database, figure('present'), formats);
  const kinds = figure('distinct') > TOP ? await kindsOf(database) : undefined;
  const frequentWords = figure('length') > LONG ? await frequentWordsOf(database) : undefined;
  const mixed = times.length > 0 || figure('numbers') > 0 ? undefined : await mixedTimes(database);
  return {
    present: figure('present'),
    marks: counts(marks),
    distinct: figure('distinct'),
    integers: figure('integers'),
    numbers: figure('numbers'),
    commaNumbers: figure('commas'),
    markedNumbers: figure('marked'),
    longNumbers: figure('long'),
    notNumbers: counts(others),
    booleans: figure('booleans'),
    leadingZeros: figure('zeros'),
    times,
    ...(mixed === undefined ? {} : { mixedTimes: mixed }),
    ...(numeric === undefined ? {} : { numeric }),
    ...(vectors === undefined ? {} : { vectors }),
    meanLength: figure('length'),
    withBlanks: figure('present') === 0 ? 0 : figure('blanks') / figure('present'),
    ...(frequentWords === undefined ? {} : { frequentWords }),
    top: counts(top),
    ...(kinds === undefined ? {} : { kinds }),
  };
}

const counts = (rows: readonly Readonly<Record<string, unknown>>[]): ValueCount[] =>
  rows.map(({ value, n }) => ({ value: String(value), count: Number(n) }));

/** By the rule of an ingest, of whatever width most of the arrays have. */
async function vectorsOf(database: Database): Promise<ColumnFigures['vectors']> {
  const [most] = await database.rows(
    `SELECT len(TRY_CAST(v AS DOUBLE[])) AS width FROM one WHERE starts_with(v, '[') GROUP BY width ORDER BY sum(n) DESC, width LIMIT 1`
  );
  const type = columnTypeOf(`vector(${String(most?.['width'])})`);
  if (type === undefined) return undefined;
  const [found] = await database.rows(
    `SELECT coalesce(sum(n) FILTER (WHERE ${parsed({ type }, 'v', '.')} IS NOT NULL), 0)::DOUBLE AS n FROM one`
  );
  const count = Number(found!['n']);
  return count === 0 ? undefined : { width: widthOfVector(type)!, count };
}

async function spreadOf(database: Database): Promise<ColumnFigures['numeric']> {
  const [found] = await database.rows(
    `WITH run AS (SELECT d, n, sum(n) OVER (ORDER BY d) / sum(n) OVER () AS share FROM one WHERE isfinite(d))
     SELECT min(d) AS min, max(d) AS max, coalesce(sum(n) FILTER (WHERE d = 0), 0)::DOUBLE AS zeros, coalesce(min(d) FILTER (WHERE d > 0), 0) AS above,
       min(d) FILTER (WHERE share >= '0.01'::DOUBLE) AS p01,
       min(d) FILTER (WHERE share >= '0.5'::DOUBLE) AS p50, min(d) FILTER (WHERE share >= '0.99'::DOUBLE) AS p99 FROM run`
  );
  if (found === undefined || found['min'] === null) return undefined;
  const figure = (name: string) => Number(found[name]);
  return {
    min: figure('min'),
    max: figure('max'),
    p01: figure('p01'),
    p50: figure('p50'),
    p99: figure('p99'),
    zeros: figure('zeros'),
    leastAboveZero: figure('above'),
  };
}
