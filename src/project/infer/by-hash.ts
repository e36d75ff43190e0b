/** A table without a time: which columns tell its rows apart, and the split by their hash. */
import type { TableFigures } from '../../engines/tables/look/figures';
import type { ProjectInput } from '../project-input';
import { MOST } from '../schema-parts';
import type { InferredColumn } from './columns';
import type { Inferred } from './time';
import { counted, listOf } from './words';

export interface InferredHash {
  /** Absent where a key would put rows into quarantine. */
  readonly key?: Inferred<readonly InferredColumn[]>;
  readonly split: Inferred<NonNullable<ProjectInput['split']>>;
}

/** Rows that a verdict of monitoring needs: windows are by count, of twice as many. */
export function inferMinRows({ rows }: TableFigures): Inferred<number> {
  return {
    value: Math.min(200, Math.max(10, Math.floor(rows / 20))),
    why: 'windows of monitoring are of twice as many predictions; one with fewer rows gets no verdict',
  };
}

const TEST_SHARE = 0.2;

/** @param named the columns that name each row, if there are any */
export function inferHash(
  figures: TableFigures,
  columns: readonly InferredColumn[],
  named: Inferred<readonly InferredColumn[]> | undefined
): InferredHash {
  const { rows, repeated } = figures;
  const testRows = Math.round(TEST_SHARE * (rows - repeated));
  const rule = {
    by: 'hash' as const,
    test: TEST_SHARE,
    validation: 0,
    seed: 1,
    minTrainRows: Math.max(10, Math.floor((rows - repeated - testRows) / 2)),
    minTestRows: Math.max(10, Math.floor(testRows / 2)),
  };
  const why = `no column says when a row happened: a fifth tests, about ${counted(testRows)} rows, by hash of`;
  const stays = 'a row keeps its part as the table grows';
  const ofKey = { value: rule, why: `${why} the key, so that ${stays}` };
  if (named !== undefined) return { key: named, split: ofKey };
  const all = columns.slice(0, MOST);
  const gaps = all.filter((column) => column.figures.present < rows).map(({ name }) => name);
  if (gaps.length === 0) return { key: { value: all, ...allTogether(figures) }, split: ofKey };
  return {
    split: {
      value: { ...rule, columns: all.map(({ name }) => name) },
      why: `${why} all columns, so that ${stays} and equal rows are in one part. There is no key: none names each row, and a row without a part of its key (${listOf(gaps, 4)}) would go to quarantine`,
      decide: 'columns that say which rows belong together, such as those of one person, would be better',
    },
  };
}

function allTogether({ repeated, cut, rows }: TableFigures): { readonly why: string; readonly decide: string } {
  const decide = 'a column that names each row would be better: with all columns a corrected row is another row';
  if (cut)
    return { why: `only the first ${counted(rows)} rows were looked at: all columns together name a row`, decide };
  const none = 'no one, two or three columns name each row, all together do';
  if (repeated === 0) return { why: none, decide };
  return {
    why: `${none}, but for ${counted(repeated)} rows equal to an earlier one: each counts as that row come again, and as replaced in \`mlops account\``,
    decide: `are the ${counted(repeated)} equal rows copies? If not, they need a column that tells them apart`,
  };
}
