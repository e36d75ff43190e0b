/** What a column's type is in DuckDB, hence in shards: one entry for each type. */
import {
  type ColumnType,
  decimalDigits,
  plainDecimal,
  type TypeName,
  typeName,
  widthOfVector,
} from '../../domain/definition';
import { LEAST_BIGINT } from './sql';

interface TypeSql {
  readonly sql: (type: ColumnType) => string;
  /** Types of a statement's columns that hold nothing but values of this one. */
  readonly fits: (type: ColumnType, given: string) => boolean;
  /**
   * As a value that was read, or computed, is kept: NaN is missing, and minus zero is zero, so that missing and zero are one thing
   * each. A Parquet dictionary would keep either zero for both, and requests could bring the other one.
   */
  readonly kept: (it: string) => string;
  /** A value that was kept, as it stands in the JSON array that a row's key is made of. */
  readonly keyed: (it: string) => string;
  /** As a plain value for people, which `plainValue` takes. */
  readonly plain: (it: string) => string;
  /** In memory: codes of a dictionary, texts, vectors, µs, or doubles; `expression` is never NULL. */
  readonly loaded: { readonly as: 'codes' } | { readonly as: 'texts' } | { readonly as: 'vectors' } | Loaded;
}

interface Loaded {
  readonly as: 'doubles' | 'micros';
  readonly expression: (it: string, type: ColumnType) => string;
}

const doubles = (expression: (it: string, type: ColumnType) => string): Loaded => ({
  as: 'doubles',
  expression: (it, type) => `coalesce(${expression(it, type)}, 'nan'::DOUBLE)`,
});

const as = (sql: string) => () => sql;
const same = (it: string) => it;
const given = (pattern: RegExp) => (_: ColumnType, found: string) => pattern.test(found);

const WHOLE = /^(U?TINYINT|U?SMALLINT|U?INTEGER|U?BIGINT|U?HUGEINT)$/;

/** Lists of numbers, of a fixed length or not. */
export const LIST = /^(U?TINYINT|U?SMALLINT|U?INTEGER|U?BIGINT|U?HUGEINT|FLOAT|DOUBLE|DECIMAL\(\d+,\d+\))\[\d*\]$/;

/** More digits than these, and a double's division by a power of ten is not the double that is nearest. */
const DOUBLE_DIGITS = 15;

const TYPES: Readonly<Record<TypeName, TypeSql>> = {
  string: {
    sql: as('VARCHAR'),
    fits: given(/^VARCHAR$/),
    kept: same,
    keyed: same,
    plain: same,
    loaded: { as: 'codes' },
  },
  text: { sql: as('VARCHAR'), fits: given(/^VARCHAR$/), kept: same, keyed: same, plain: same, loaded: { as: 'texts' } },
  integer: {
    sql: as('BIGINT'),
    fits: given(WHOLE),
    kept: same,
    keyed: same,
    plain: same,
    loaded: doubles((it) => `${it}::DOUBLE`),
  },
  number: {
    sql: as('DOUBLE'),
    fits: (_, found) => WHOLE.test(found) || /^(FLOAT|DOUBLE|DECIMAL\(.*\))$/.test(found),
    kept: (it) => `CASE WHEN NOT isnan(${it}) THEN ${it} + 0 END`,
    keyed: same,
    plain: same,
    loaded: doubles((it) => `${it}::DOUBLE`),
  },
  decimal: {
    sql: (type) => type.toUpperCase(),
    // A cast would round further decimals.
    fits: (type, found) => {
      const [scale] = (/^DECIMAL\(\d+,(\d+)\)$/.exec(found) ?? []).slice(1).map(Number);
      return WHOLE.test(found) || (scale !== undefined && scale <= decimalDigits(type).scale);
    },
    kept: same,
    keyed: (it) => `${it}::VARCHAR`,
    plain: (it) => `${it}::VARCHAR`,
    loaded: doubles((it, type) => decimalAsDouble(it, type)),
  },
  boolean: {
    sql: as('BOOLEAN'),
    fits: given(/^BOOLEAN$/),
    kept: same,
    keyed: same,
    plain: same,
    loaded: doubles((it) => `${it}::DOUBLE`),
  },
  vector: {
    // A list, as Parquet has it: DuckDB's arrays of a fixed length lack CASE. Whatever writes a shard has checked the length.
    sql: as('DOUBLE[]'),
    fits: given(LIST),
    kept: (it) => `list_transform(${it}, lambda x: x + 0)`,
    keyed: same,
    plain: (it) => `${it}::VARCHAR`,
    loaded: { as: 'vectors' },
  },
  timestamp: {
    sql: as('TIMESTAMP'),
    fits: given(/^(DATE|TIMESTAMP|TIMESTAMP WITH TIME ZONE|TIMESTAMP_(S|MS|NS))$/),
    kept: same,
    keyed: (it) => `epoch_us(${it})`,
    plain: (it) => `epoch_us(${it})`,
    loaded: { as: 'micros', expression: (it) => `coalesce(epoch_us(${it}), ${LEAST_BIGINT})` },
  },
};

export function typeSql(type: ColumnType): TypeSql {
  return TYPES[typeName(type)];
}

/** What a column is inside DuckDB, hence in a shard. */
export function sqlType(type: ColumnType): string {
  return typeSql(type).sql(type);
}

/** The double that is nearest to a decimal: what a request brings that writes the same digits. */
export function decimalAsDouble(it: string, type: ColumnType): string {
  return decimalDigits(type).precision <= DOUBLE_DIGITS ? `${it}::DOUBLE` : `${it}::VARCHAR::DOUBLE`;
}

/** A number of a definition, to be compared with a column of the type: exactly, if the column is exact. */
export function numberSql(value: number, type: ColumnType): string {
  if (typeName(type) !== 'decimal') return `'${value}'::DOUBLE`;
  return `'${plainDecimal(value)}'::DECIMAL(38,${decimalDigits(type).scale})`;
}

/** A list of numbers, if it is a value of the type: so many of them, each there and finite; else NULL. */
export function vectorSql(list: string, type: ColumnType): string {
  const all = `len(${list}) = ${widthOfVector(type)} AND list_count(${list}) = len(${list})`;
  // NaN is greater than any other number.
  return `CASE WHEN ${all} AND isfinite(list_min(${list})) AND isfinite(list_max(${list})) THEN ${list} END`;
}
