/**
 * A batch's profile. Each column is grouped once, by the database; what is made of its values is made of them in their
 * order, one after the other, so that it depends on which values there are and on nothing else.
 */
import { type ColumnDefinition, type ColumnType, type TypeName, typeName } from '../../domain/definition';
import type { ColumnProfile, Profile, ProfileValue } from '../../domain/profile';
import { decimalAsDouble, typeSql } from './column-sql';
import { CountedValues, type Ends } from './counted-values';
import { type Database, numbersOf } from './duckdb';
import { isoOf } from './moments';
import { column } from './sql';

type Ordered = Exclude<TypeName, 'string' | 'text' | 'vector'>;

/** As DOUBLE, and as BIGINT where a double does not say all. */
const NUMBERS: Readonly<
  Record<Ordered, (it: string, type: ColumnType) => { readonly double: string; readonly exact?: string }>
> = {
  boolean: (it) => ({ double: `${it}::INTEGER::DOUBLE` }),
  // Minus zero is zero.
  number: (it) => ({ double: `${it} + 0` }),
  decimal: (it, type) => ({ double: decimalAsDouble(it, type) }),
  integer: (it) => ({ double: `${it}::DOUBLE`, exact: it }),
  timestamp: (it) => ({ double: `epoch_us(${it})::DOUBLE`, exact: `epoch_us(${it})` }),
};

/** A private column has counts alone. */
export async function profileOf(
  database: Database,
  table: string,
  columns: Readonly<Record<string, ColumnDefinition>>
): Promise<Profile> {
  const entries = Object.entries(columns);
  const ends = entries.flatMap(([name, definition], i) => {
    const { it, type } = measured(name, definition);
    const of = typeName(type);
    const double = of === 'string' || of === 'text' || of === 'vector' ? undefined : NUMBERS[of](it, type).double;
    const values = double === undefined ? [] : [`min(${double}) AS low${i}`, `max(${double}) AS high${i}`];
    return [`count(${column(name)}) AS present${i}`, ...values];
  });
  const [all] = await database.rows(`SELECT count(*) AS rows, ${ends.join(', ')} FROM ${table}`);
  const profiles: [string, ColumnProfile][] = [];
  for (const [i, [name, definition]] of entries.entries()) {
    const { type, privacy } = definition;
    const present = Number(all![`present${i}`]);
    if (typeName(type) === 'vector') {
      const distinct = await distinctOf(database, table, name, type);
      profiles.push([name, { type, present, missing: Number(all!['rows']) - present, distinct, top: [] }]);
      continue;
    }
    const { it, type: as } = measured(name, definition);
    // By a subquery: a column of the table may have the name of an alias.
    const counted = `SELECT v, count(*) AS n FROM (SELECT ${it} AS v FROM ${table} WHERE ${column(name)} IS NOT NULL) GROUP BY v`;
    const found =
      as === 'string'
        ? await stringsOf(database, counted)
        : await valuesOf(database, counted, as, {
            present,
            low: Number(all![`low${i}`]),
            high: Number(all![`high${i}`]),
          });
    const { distinct, ...values } =
      type === 'text' ? { ...found, distinct: await distinctOf(database, table, name, type), top: [] } : found;
    const shown = privacy === true ? { top: [] } : values;
    profiles.push([name, { type, present, missing: Number(all!['rows']) - present, distinct, ...shown }]);
  }
  return Object.fromEntries(profiles);
}

type Values = Omit<ColumnProfile, 'type' | 'present' | 'missing'>;

/** What of a column is counted: its values, or the lengths of its texts in characters. */
function measured(name: string, { type }: ColumnDefinition): { readonly it: string; readonly type: ColumnType } {
  return type === 'text' ? { it: `length(${column(name)})`, type: 'integer' } : { it: column(name), type };
}

/** By a hash of each, since all of them together may be more than the database's memory holds. */
async function distinctOf(database: Database, table: string, name: string, type: ColumnType): Promise<number> {
  const hash = `md5_number((${typeSql(type).keyed(column(name))})::VARCHAR)`;
  const [counted] = await database.rows(`SELECT count(DISTINCT ${hash}) AS n FROM ${table}`);
  return Number(counted!['n']);
}

async function stringsOf(database: Database, counted: string): Promise<Values> {
  const rows = await database.rows(
    `WITH counted AS MATERIALIZED (${counted}) SELECT v AS value, n AS count, (SELECT count(*) FROM counted) AS distinct
     FROM counted ORDER BY n DESC, v LIMIT 10`
  );
  const top = rows.map(({ value, count }) => ({ value: String(value), count: Number(count) }));
  return { distinct: Number(rows[0]?.['distinct'] ?? 0), top };
}

async function valuesOf(database: Database, counted: string, type: ColumnType, ends: Ends): Promise<Values> {
  const values = new CountedValues(ends);
  const of = typeName(type) as Ordered;
  const { double, exact } = NUMBERS[of]('v', type);
  const columns = [double, 'n::DOUBLE', ...(exact === undefined ? [] : [exact])];
  for await (const chunk of database.chunks(`SELECT ${columns.join(', ')} FROM (${counted}) ORDER BY v`)) {
    const doubles = numbersOf(chunk, 0, Float64Array);
    const counts = numbersOf(chunk, 1, Float64Array);
    const written = writing(of, doubles, exact === undefined ? undefined : numbersOf(chunk, 2, BigInt64Array));
    values.add(doubles, counts, chunk.rowCount, written);
  }
  const { distinct, top, moments, spread } = values;
  return {
    distinct,
    ...(moments === undefined || type === 'timestamp' ? {} : { moments }),
    ...(spread === undefined || type === 'boolean' ? {} : { spread }),
    top,
  };
}

function writing(type: Ordered, doubles: Float64Array, exact: BigInt64Array | undefined): (i: number) => ProfileValue {
  switch (type) {
    case 'boolean':
      return (i) => String(doubles[i] === 1);
    case 'number':
    case 'decimal':
      return (i) => finite(doubles[i]!);
    case 'integer':
      return (i) => (Number.isSafeInteger(doubles[i]) ? doubles[i]! : String(exact![i]));
    case 'timestamp':
      return (i) => isoOf(exact![i]!);
  }
}

/** JSON has no infinity. */
function finite(value: number): ProfileValue {
  return Number.isFinite(value) ? value : String(value);
}
