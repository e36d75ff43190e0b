/**
 * What a column's values are. A type is one text wherever it stands: in definitions, snapshots and digests. What the rooms
 * need of a type beside its SQL (engines/tables/column-sql.ts) is in one entry here.
 */
import { MlopsError } from '../errors';

/**
 * `decimal(12,2)`: at most 12 digits, of these 2 after the point; kept exactly. `vector(384)`: 384 finite numbers in double precision,
 * such as an embedding that another program made. A `string` is a code or a name, whose values can be categories; a `text` is what
 * somebody wrote.
 */
export type ColumnType =
  | 'string'
  | 'text'
  | 'integer'
  | 'number'
  | 'boolean'
  | 'timestamp'
  | `decimal(${number},${number})`
  | `vector(${number})`;

type Plain = Exclude<ColumnType, `${string}(${string}`>;

/** A type without what stands in its brackets. */
export type TypeName = Plain | 'decimal' | 'vector';

interface TypeFacts {
  /** With its article, for messages. */
  readonly words: string;
  /** Has bounds, sums and means; transforms of numbers read it. */
  readonly numeric: boolean;
  /** Its values can be categories. */
  readonly category: boolean;
  /** Its values have characters: a pattern and a length. */
  readonly characters: boolean;
  /** Its values are written in a definition as they stand in a row, so that a split or a rule can name them. */
  readonly exact: boolean;
  /** At the endpoint, by the Open Inference Protocol's name. */
  readonly datatype: 'INT64' | 'FP64' | 'BOOL' | 'BYTES';
}

export const TYPE_FACTS: Readonly<Record<TypeName, TypeFacts>> = {
  string: { words: 'a string', numeric: false, category: true, characters: true, exact: true, datatype: 'BYTES' },
  text: { words: 'a text', numeric: false, category: false, characters: true, exact: false, datatype: 'BYTES' },
  integer: { words: 'an integer', numeric: true, category: true, characters: false, exact: true, datatype: 'INT64' },
  number: { words: 'a number', numeric: true, category: true, characters: false, exact: false, datatype: 'FP64' },
  decimal: { words: 'a decimal', numeric: true, category: true, characters: false, exact: false, datatype: 'FP64' },
  boolean: { words: 'a boolean', numeric: false, category: true, characters: false, exact: true, datatype: 'BOOL' },
  vector: { words: 'a vector', numeric: false, category: false, characters: false, exact: false, datatype: 'FP64' },
  timestamp: {
    words: 'a timestamp',
    numeric: false,
    category: false,
    characters: false,
    exact: false,
    datatype: 'INT64',
  },
};

/** Types of which this holds. */
export function typesWith(fact: 'numeric' | 'category' | 'characters' | 'exact'): readonly TypeName[] {
  return TYPE_NAMES.filter((name) => TYPE_FACTS[name][fact]);
}

export const TYPE_NAMES = Object.keys(TYPE_FACTS) as readonly TypeName[];

export function typeName(type: ColumnType): TypeName {
  return type.split('(', 1)[0] as TypeName;
}

/** With its article, and with what stands in its brackets: `an integer`, `a decimal(12,2)`. */
export function typeInWords(type: ColumnType): string {
  const name = typeName(type);
  return TYPE_FACTS[name].words.replace(name, type);
}

const DECIMAL = /^decimal\( *(\d{1,2}) *, *(\d{1,2}) *\)$/;
const VECTOR = /^vector\( *(\d{1,4}) *\)$/;
/** As wide as the widest text embeddings in use. */
const MOST_COMPONENTS = 4_096;
/** DuckDB's and Parquet's. */
const MOST_DIGITS = 38;

/** The type that a text names, in its normal form; undefined where it names none. */
export function columnTypeOf(text: string): ColumnType | undefined {
  if (PLAIN.some((plain) => plain === text)) return text as Plain;
  const width = Number(VECTOR.exec(text)?.[1] ?? 0);
  if (width >= 1 && width <= MOST_COMPONENTS) return `vector(${width})`;
  const [precision, scale] = (DECIMAL.exec(text) ?? []).slice(1).map(Number);
  if (precision === undefined || scale === undefined) return undefined;
  return precision >= 1 && precision <= MOST_DIGITS && scale <= precision
    ? `decimal(${precision},${scale})`
    : undefined;
}

const PLAIN: readonly Plain[] = ['string', 'text', 'integer', 'number', 'boolean', 'timestamp'];
/** For messages: each type as it is written. */
export const TYPE_FORMS: readonly string[] = [...PLAIN, 'decimal(12,2)', 'vector(384)'];

export interface DecimalDigits {
  /** In all. */
  readonly precision: number;
  /** After the point. */
  readonly scale: number;
}

/** @throws MlopsError MLOPS_DEFINITION_INVALID: not a decimal */
export function decimalDigits(type: ColumnType): DecimalDigits {
  const [precision, scale] = (DECIMAL.exec(type) ?? []).slice(1).map(Number);
  if (precision !== undefined && scale !== undefined) return { precision, scale };
  throw new MlopsError('MLOPS_DEFINITION_INVALID', 'Not a decimal.', { type }, 'Write decimal(12,2).');
}

/** Numbers of each value of a vector; undefined for other types. */
export function widthOfVector(type: ColumnType): number | undefined {
  const [, width] = VECTOR.exec(type) ?? [];
  return width === undefined ? undefined : Number(width);
}

/** A number's shortest decimal text, without an exponent: `0.00001`. */
export function plainDecimal(value: number): string {
  const [digits = '', exponent = '0'] = String(value).split('e');
  const move = Number(exponent);
  if (move === 0) return digits;
  const sign = digits.startsWith('-') ? '-' : '';
  const [whole = '', decimals = ''] = digits.replace('-', '').split('.');
  if (move < 0) return `${sign}0.${'0'.repeat(-move - 1)}${whole}${decimals}`;
  return `${sign}${whole}${decimals.padEnd(move, '0')}`;
}

/** Whether a column of the type can hold exactly this number. */
export function isDecimalOf({ precision, scale }: DecimalDigits, value: number): boolean {
  if (!Number.isFinite(value)) return false;
  const [whole = '', decimals = ''] = plainDecimal(Math.abs(value)).split('.');
  return decimals.length <= scale && (whole === '0' || whole.length <= precision - scale);
}
