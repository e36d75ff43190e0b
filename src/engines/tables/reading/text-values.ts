/** Text as a value of its column's type, in SQL: NULL where it is not one. The same rule in each format that holds text. */
import { type ColumnDefinition, type ColumnType, decimalDigits, typeName } from '../../../domain/definition';
import { sqlType, vectorSql } from '../column-sql';
import { momentOfText } from './moments-of-text';

/** @param it a VARCHAR; @param decimal mark of numbers */
export function parsed(definition: ColumnDefinition, it: string, decimal: '.' | ','): string {
  switch (typeName(definition.type)) {
    case 'string':
    case 'text':
      // NUL is a sign of a damaged file or another encoding, never of a text.
      return `CASE WHEN NOT contains(${it}, chr(0)) THEN ${it} END`;
    case 'integer':
      return integer(it, decimal);
    case 'number':
      return number(it, decimal);
    case 'decimal':
      return decimalOf(it, definition.type, decimal);
    case 'vector':
      return vectorOf(it, definition.type);
    case 'boolean':
      return `TRY_CAST(${it} AS BOOLEAN)`;
    case 'timestamp':
      return momentOfText(it, definition, decimal);
  }
}

/** A cast alone would take `1_000`, and blanks around it. */
function number(it: string, decimal: '.' | ','): string {
  const plain = `NOT contains(${it}, '_') AND NOT contains(${it}, ' ')`;
  if (decimal === '.') return `CASE WHEN ${plain} THEN TRY_CAST(${it} AS DOUBLE) END`;
  return `CASE WHEN ${plain} AND NOT contains(${it}, '.') THEN TRY_CAST(replace(${it}, ',', '.') AS DOUBLE) END`;
}

/** Whole numbers however they are written: `596`, `596.0`, `1e3`. A cast alone would round `1.5`. */
function integer(it: string, decimal: '.' | ','): string {
  const point = decimal === '.' ? '\\.' : ',';
  const double = number(it, decimal);
  // A cast that writes the same text again took it for what it is: most are so, and a pattern costs more.
  return `CASE WHEN TRY_CAST(${it} AS BIGINT)::VARCHAR = ${it} THEN TRY_CAST(${it} AS BIGINT)
    WHEN regexp_full_match(${it}, '[+-]?[0-9]+') THEN TRY_CAST(${it} AS BIGINT)
    WHEN regexp_full_match(${it}, '[+-]?[0-9]+${point}0*') THEN TRY_CAST(regexp_extract(${it}, '[+-]?[0-9]+') AS BIGINT)
    WHEN trunc(${double}) = (${double}) AND abs(${double}) <= 9007199254740992 THEN (${double})::BIGINT END`;
}

/**
 * A cast alone would round what has more decimals than the type. With an exponent, and at most 15 digits, a text is told
 * from what it would be rounded to by their doubles.
 */
function decimalOf(it: string, type: ColumnType, decimal: '.' | ','): string {
  const { scale } = decimalDigits(type);
  const point = decimal === '.' ? '[.]' : ',';
  const plain = `[+-]?([0-9]+(${point}[0-9]{0,${scale}}0*)?|${point}[0-9]{0,${scale}}0*)`;
  const exponent = `[+-]?[0-9]{1,8}(${point}[0-9]{0,7})?[eE][+-]?[0-9]{1,2}`;
  const text = decimal === '.' ? it : `replace(${it}, ',', '.')`;
  const value = `TRY_CAST(${text} AS ${sqlType(type)})`;
  return `CASE WHEN regexp_full_match(${it}, '${plain}') THEN ${value}
    WHEN regexp_full_match(${it}, '${exponent}') AND ${value}::DOUBLE = TRY_CAST(${text} AS DOUBLE) THEN ${value} END`;
}

/** A JSON array of numbers, in each format and with each decimal mark. A cast alone would take `[1, x]` and NaN. */
function vectorOf(it: string, type: ColumnType): string {
  const component = '[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]{1,4})?';
  const array = `\\s*\\[\\s*${component}(\\s*,\\s*${component})*\\s*\\]\\s*`;
  return `CASE WHEN regexp_full_match(${it}, '${array}') THEN ${vectorSql(`TRY_CAST(${it} AS DOUBLE[])`, type)} END`;
}
