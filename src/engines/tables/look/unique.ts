/** Which columns name a row: candidates for a key. */
import type { Database } from '../duckdb';
import type { ColumnFigures } from './figures';
import { presentValue } from './present-value';

/** So many columns are tried in pairs and triples. */
const MOST_COMBINED = 8;

/** The smallest sets of one, two or three columns that are unique together, never missing and not measured. */
export async function uniqueSets(
  database: Database,
  rows: number,
  columns: readonly ColumnFigures[]
): Promise<readonly (readonly number[])[]> {
  const parts = columns.flatMap((column) => column.parts ?? []);
  const usable = columns.flatMap(
    ({ present, distinct, integers, numbers, commaNumbers, times, stored, vectors }, i) => {
      const measured = vectors !== undefined || ((numbers > integers || commaNumbers > 0) && times.length === 0);
      return present === rows && !parts.includes(i) && distinct > 1 && !measured && stored !== 'nested' ? [i] : [];
    }
  );
  const singles = usable.filter((i) => columns[i]?.distinct === rows).map((i) => [i]);
  if (singles.length > 0) return singles;
  // The moment that several columns make stands last among the columns, and is most often in the key.
  const first = usable.filter((i) => columns[i]?.parts !== undefined);
  const combined = [...new Set([...first, ...usable])].slice(0, MOST_COMBINED).sort((a, b) => a - b);
  for (const size of [2, 3]) {
    const found: number[][] = [];
    for (const set of subsets(combined, size)) {
      // Fewer combinations than rows cannot name each row.
      const combinations = set.reduce((product, i) => product * (columns[i]?.distinct ?? 0), 1);
      if (combinations >= rows && (await isUnique(database, rows, set))) found.push(set);
    }
    if (found.length > 0) return found;
  }
  return [];
}

async function isUnique(database: Database, rows: number, set: readonly number[]): Promise<boolean> {
  const values = set.map(presentValue).join(', ');
  const [found] = await database.rows(`SELECT count(*) AS n FROM (SELECT DISTINCT ${values} FROM looked)`);
  return Number(found?.['n']) === rows;
}

function subsets(of: readonly number[], size: number): number[][] {
  if (size === 0) return [[]];
  return of.flatMap((first, i) => subsets(of.slice(i + 1), size - 1).map((rest) => [first, ...rest]));
}
