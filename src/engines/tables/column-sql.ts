/** What a column's type is in DuckDB, hence in shards: one entry for each type. */
import { type ColumnType, decimalDigits, plainDecimal, type TypeName, typeName } from '../../domain/definition';
import { LEAST_BIGINT } from './sql';

interface TypeSql {
  readonly sql: (type: ColumnType) => string;
  /** Types of a statement's columns that hold nothing but values of this one. */
  readonly fits: (type: ColumnType, given: string) => boolean;
  /** As it stands in the JSON array that a row's key is made of. */
  readonly keyed: (it: string) => string;
  /** As a plain value for people, which `plainValue` takes. */
  readonly plain: (it: string) => string;
  /** In memory: codes of a dictionary, µs, or doubles; `expression` is never NULL. */
  readonly loaded: { readonly as: 'codes' } | Loaded;
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

/** More digits than these, and a double's division by a power of ten is not the double that is nearest. */
const DOUBLE_DIGITS = 15;

const TYPES: Readonly<Record<TypeName, TypeSql>> = {
  string: { sql: as('VARCHAR'), fits: given(/^VARCHAR$/), keyed: same, plain: same, loaded: { as: 'codes' } },
  integer: {
    sql: as('BIGINT'),
    fits: given(WHOLE),
    keyed: same,
    plain: same,
    loaded: doubles((it) => `${it}::DOUBLE`),
  },
  number: {
    sql: as('DOUBLE'),
    fits: (_, found) => WHOLE.test(found) || /^(FLOAT|DOUBLE|DECIMAL\(.*\))$/.test(found),
    // Minus zero is zero.
    keyed: (it) => `(${it} + 0)`,
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
    keyed: (it) => `${it}::VARCHAR`,
    plain: (it) => `${it}::VARCHAR`,
    loaded: doubles((it, type) => decimalAsDouble(it, type)),
  },
  boolean: {
    sql: as('BOOLEAN'),
    fits: given(/^BOOLEAN$/),
    keyed: same,
    plain: same,
    loaded: doubles((it) => `${it}::DOUBLE`),
  },
  timestamp: {
    sql: as('TIMESTAMP'),
    fits: given(/^(DATE|TIMESTAMP|TIMESTAMP WITH TIME ZONE|TIMESTAMP_(S|MS|NS))$/),
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
