/** What a column of texts is made of. Each reads the table `one`: the column's distinct values `v`, and in how many rows each is, `n`. */
import type { Database } from '../duckdb';

/** Texts that are looked into, and words that count as frequent. */
const SAMPLE = 5_000;
export const FREQUENT = 256;
const WORD = '[\\p{L}\\p{M}\\p{N}_]+';

const MOST_KINDS = 100;
/** Of fewer rows a class could be without a row for training or for the test. */
const LEAST_ROWS = 10;

/** All values, in their order, where there are 100 at most and each is in 10 rows or more. */
export async function kindsOf(database: Database): Promise<readonly string[] | undefined> {
  const found = await database.rows(`SELECT v, n FROM one ORDER BY v LIMIT ${MOST_KINDS + 1}`);
  if (found.length > MOST_KINDS || found.some(({ n }) => Number(n) < LEAST_ROWS)) return undefined;
  return found.map(({ v }) => String(v));
}

/** The share of all words that are one of the 256 most frequent ones, in a sample by hash. */
export async function frequentWordsOf(database: Database): Promise<number | undefined> {
  const [found] = await database.rows(
    `SELECT (sum(n) FILTER (WHERE place <= ${FREQUENT}) / sum(n))::DOUBLE AS share FROM
       (SELECT count(*) AS n, row_number() OVER (ORDER BY count(*) DESC, word) AS place FROM
         (SELECT unnest(regexp_extract_all(lower(v), '${WORD}')) AS word FROM (SELECT v FROM one ORDER BY md5(v), v LIMIT ${SAMPLE}))
        GROUP BY word)`
  );
  const share = found?.['share'];
  return typeof share === 'number' ? share : undefined;
}
