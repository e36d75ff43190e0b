/**
 * What a format makes of a file, and how typed columns are made of that. A cell is a text that has to be parsed, whatever
 * format it stands in, or a value that the file types.
 */
import type { ColumnDefinition } from '../../../domain/definition';
import { ROW, text } from '../sql';
import { parsed } from './text-values';

/** SQL over the columns of the table's `from`. */
export type Cell =
  /**
   * `texts` are VARCHAR, NULL where nothing is there; several are read as one, and where one is missing, all are. Where
   * `allowed` doesn't hold, it is not a value of the type.
   */
  | { readonly texts: readonly string[]; readonly allowed?: string }
  /** `value` is of the type, or NULL. Where `there` holds and `value` is NULL, `shown` is what could not be converted. */
  | { readonly value: string; readonly there?: string; readonly shown?: string };

export interface RawTable {
  /** Names of all columns of the file. */
  readonly names: readonly string[];
  /** A subquery with `__row`. */
  readonly from: string;
  /** VARCHAR: why a row as a whole can't be read; NULL where it can. Default: each can. */
  readonly misfit?: string;
  readonly cells: Readonly<Record<string, Cell>>;
  /** Decimal mark of its texts. */
  readonly decimal: '.' | ',';
}

export interface TypedTable {
  /** A subquery with `__row`, `__misfit`, and what the columns' expressions need. */
  readonly from: string;
  readonly columns: readonly TypedColumn[];
}

export interface TypedColumn {
  readonly name: string;
  readonly definition: ColumnDefinition;
  readonly value: string;
  /** Holds where something is there that is not of the type; absent where that can't be. */
  readonly broken?: { readonly when: string; readonly shown: string };
}

export const MISFIT = '__misfit';

/** In layers, so that each expression is computed once: texts without missing marks, then values. */
export function typedTable(
  table: RawTable,
  columns: Readonly<Record<string, ColumnDefinition>>,
  missing: readonly string[]
): TypedTable {
  const texts = [`"${ROW}"`, `"${MISFIT}"`];
  const values = ['*'];
  const typed = Object.entries(columns).map(([name, definition], i): TypedColumn => {
    const cell = table.cells[name]!;
    const column = { name, definition, value: `v${i}` };
    if ('value' in cell) {
      texts.push(`${cell.value} AS v${i}`);
      if (cell.there === undefined) return column;
      texts.push(`(${cell.there}) AND v${i} IS NULL AS b${i}`, `CASE WHEN b${i} THEN ${cell.shown} END AS s${i}`);
      return { ...column, broken: { when: `b${i}`, shown: `s${i}` } };
    }
    const present = cell.texts.map((it) => unlessMissing(it, definition.missing ?? missing)).join('');
    texts.push(`CASE WHEN "${MISFIT}" IS NULL${present} THEN ${cell.texts.join(` || ' ' || `)} END AS t${i}`);
    if (cell.allowed !== undefined) texts.push(`${cell.allowed} AS a${i}`);
    const value = parsed(definition, `t${i}`, table.decimal);
    values.push(`${cell.allowed === undefined ? value : `CASE WHEN a${i} THEN ${value} END`} AS v${i}`);
    return { ...column, broken: { when: `t${i} IS NOT NULL AND v${i} IS NULL`, shown: `t${i}` } };
  });
  const raw = `(SELECT *, ${table.misfit ?? 'NULL::VARCHAR'} AS "${MISFIT}" FROM ${table.from})`;
  return { from: `(SELECT ${values.join(', ')} FROM (SELECT ${texts.join(', ')} FROM ${raw}))`, columns: typed };
}

function unlessMissing(it: string, marks: readonly string[]): string {
  return marks.length === 0 ? '' : ` AND ${it} NOT IN (${marks.map(text).join(', ')})`;
}
