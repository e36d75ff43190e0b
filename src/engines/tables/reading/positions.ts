/** Where the declared columns stand in a file: by their names there, exactly as they are written. */
import { type ColumnDefinition, namesInFile } from '../../../domain/definition';
import { MlopsError } from '../../../domain/errors';
import { MOST_QUOTED, quoted } from '../../../domain/quote';

/** @throws MlopsError MLOPS_COLUMN_MISSING; MLOPS_COLUMN_AMBIGUOUS: a declared name stands there twice. Others may. */
export function positionsOf(
  columns: Readonly<Record<string, ColumnDefinition>>,
  names: readonly string[],
  file: string
): Readonly<Record<string, readonly number[]>> {
  const positions = Object.entries(columns).map(
    ([column, definition]) =>
      [column, namesInFile(column, definition).map((from) => positionOf(column, from, names, file))] as const
  );
  return Object.fromEntries(positions);
}

function positionOf(column: string, from: string, names: readonly string[], file: string): number {
  const at = names.indexOf(from);
  if (at < 0) throw missingColumn(file, column, from, names);
  if (names.indexOf(from, at + 1) < 0) return at;
  const where = { file, column, name: quoted(from) };
  const fix = 'Give each column its own name in the file, or declare the names in order (reader.file.csv.header).';
  throw new MlopsError('MLOPS_COLUMN_AMBIGUOUS', 'A declared column stands in the file twice.', where, fix);
}

export function missingColumn(file: string, column: string, from: string, names: readonly string[]): MlopsError {
  const near = names.find((name) => name.trim().toLowerCase() === from.trim().toLowerCase());
  const where = { file, column, name: from === column ? undefined : quoted(from), found: quoted(names.join(' ')) };
  const fix =
    near === undefined
      ? 'Fix the file or the definition.'
      : `The file has ${JSON.stringify(near.slice(0, MOST_QUOTED))}: declare it as from.`;
  return new MlopsError('MLOPS_COLUMN_MISSING', 'The file lacks a declared column.', where, fix);
}
