/** A table's rows as callers of the endpoint have them: inputs by name, event time, and what came true. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { ProjectDefinition } from '../../src/domain/definition';
import { columnTypes } from '../../src/domain/definition';
import { withDatabase } from '../../src/engines/tables/duckdb';
import { relationOf } from '../../src/engines/tables/reading/relation';
import { column, text } from '../../src/engines/tables/sql';

export interface TourRow {
  /** ms; absent where the table has no event time */
  readonly at?: number;
  /** By column, as JSON has it: a timestamp in µs, null where there is none. */
  readonly values: Readonly<Record<string, string | number | boolean | null>>;
  /** null where the row has no label. */
  readonly truth: 0 | 1 | null;
}

/** In event order, without the rows that lack their time; of a table without times in the order of their values. */
export async function rowsOf(definition: ProjectDefinition): Promise<readonly TourRow[]> {
  const { source, label } = definition;
  const { reader } = source;
  if (!('file' in reader) || !('rule' in label.labeler)) throw new Error('the tour reads files and rules');
  const { format } = reader.file;
  const file = resolve(reader.file.path);
  const { rule } = label.labeler;
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
      const value = typeof rule.value === 'number' ? String(rule.value) : text(rule.value);
      const rows = await database.rows(
        `SELECT ${at === undefined ? 'NULL' : `epoch_ms(${at})`} AS "__at", (${column(rule.column)} ${rule.op} ${value})::INTEGER AS "__truth",
           ${values.join(', ')} FROM (${relation}) ${at === undefined ? '' : `WHERE ${at} IS NOT NULL`} ORDER BY ALL`
      );
      return rows.map(({ __at, __truth, ...rest }) => ({
        ...(__at === null ? {} : { at: Number(__at) }),
        truth: __truth === null ? null : (Number(__truth) as 0 | 1),
        values: Object.fromEntries(Object.entries(rest).map(([name, each]) => [name, plain(each)])),
      }));
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

function plain(value: unknown): string | number | boolean | null {
  if (typeof value === 'bigint') return Number(value);
  return value === undefined ? null : (value as string | number | boolean | null);
}
