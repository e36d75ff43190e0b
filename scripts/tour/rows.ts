/** A table's rows as callers of the endpoint have them: inputs by name, event time, and what came true. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { ProjectDefinition } from '../../src/domain/definition';
import { columnTypes } from '../../src/domain/definition';
import type { LabelRule } from '../../src/engines/tables/label';
import { withDatabase } from '../../src/engines/tables/duckdb';
import { relationOf } from '../../src/engines/tables/reading/relation';
import { column, text } from '../../src/engines/tables/sql';

type Scalar = string | number | boolean | null;
/** Of a vector its numbers. */
type Value = Scalar | readonly number[];

export interface TourRow {
  /** ms; absent where the table has no event time */
  readonly at?: number;
  /** By column, as JSON has it: a timestamp in µs, null where there is none. */
  readonly values: Readonly<Record<string, Value>>;
  /** null where the row has no label. */
  readonly truth: number | string | null;
}

/** In event order, without the rows that lack their time; of a table without times in the order of their values. */
export async function rowsOf(definition: ProjectDefinition): Promise<readonly TourRow[]> {
  const { source, label } = definition;
  const { reader } = source;
  const { labeler } = label;
  if (!('file' in reader) || 'registered' in labeler)
    throw new Error('the tour reads files, and labels by rules and columns');
  const { format } = reader.file;
  const file = resolve(reader.file.path);
  const folder = await mkdtemp(join(tmpdir(), 'mlops-tour-'));
  try {
    return await withDatabase({ files: [file], folder }, async (database) => {
      const { rows: relation } = await relationOf(database, file, { format, source, folder });
      const types = columnTypes(source);
      const values = Object.entries(types).map(([name, type]) => {
        const it = column(name);
        return type === 'timestamp' ? `epoch_us(${it}) AS ${it}` : it;
      });
      const at = source.eventTime === undefined ? undefined : column(source.eventTime);
      const truth = 'rule' in labeler ? answerSql(labeler.rule) : column(labeler.column);
      const rows = await database.rows(
        `SELECT ${at === undefined ? 'NULL' : `epoch_ms(${at})`} AS "__at", ${truth} AS "__truth",
           ${values.join(', ')} FROM (${relation}) ${at === undefined ? '' : `WHERE ${at} IS NOT NULL`} ORDER BY ALL`
      );
      return rows.map(({ __at, __truth, ...rest }) => ({
        ...(__at === null ? {} : { at: Number(__at) }),
        truth: plain(__truth) as TourRow['truth'],
        values: Object.fromEntries(Object.entries(rest).map(([name, each]) => [name, plain(each)])),
      }));
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

function answerSql({ column: name, op, value }: LabelRule): string {
  return `(${column(name)} ${op} ${typeof value === 'number' ? String(value) : text(value)})::INTEGER`;
}

function plain(value: unknown): Value {
  if (typeof value === 'bigint') return Number(value);
  return value === undefined ? null : (value as Value);
}
