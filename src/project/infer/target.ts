/** What the user wants to know: a column with two values, or a condition on a column. */
import { MlopsError } from '../../domain/errors';
import type { ColumnFigures } from '../../engines/tables/look/figures';
import { counted, listOf } from './words';

export interface Target {
  /** Index of the column in the file. */
  readonly column: number;
  readonly op: '>' | '>=' | '<' | '<=' | '=';
  readonly value: number | string;
  /** Why this value, where the user gave none. */
  readonly why: string;
}

const CONDITION = /^(.+?)\s*(>=|<=|==|=|>|<)\s*(.+)$/s;
const POSITIVE: readonly string[] = ['true', 'yes', 'y', 't', '1', '1.0', 'positive', 'failed', 'fraud', 'spam'];

/**
 * @param expression `price`, `price > 2400` or `weather = rain`; the column as the file or the definition names it
 * @throws MlopsError MLOPS_COLUMN_MISSING; MLOPS_TARGET_INVALID: constant, missing, of more than two values, or compared
 * with what it is not
 */
export function targetOf(expression: string, columns: readonly ColumnFigures[], names: readonly string[]): Target {
  const whole = indexOf(expression.trim(), columns, names);
  if (whole !== undefined) return { column: whole, ...answerOf(columns[whole]!, expression.trim()) };
  const [, left = expression, op = '=', right = ''] = CONDITION.exec(expression) ?? [];
  const column = indexOf(left.trim(), columns, names);
  if (column === undefined) {
    throw new MlopsError(
      'MLOPS_COLUMN_MISSING',
      'The target names a column that the file lacks.',
      { column: left.trim(), found: listOf(columns.map(({ name }) => name)) },
      "Name one of them, alone or in a condition such as 'price > 2400'."
    );
  }
  const figures = columns[column]!;
  return {
    column,
    op: op === '==' ? '=' : (op as Target['op']),
    value: valueOf(right.trim(), figures),
    why: 'as asked',
  };
}

function indexOf(name: string, columns: readonly ColumnFigures[], names: readonly string[]): number | undefined {
  const exact = columns.findIndex((column) => column.name === name);
  if (exact >= 0) return exact;
  const mapped = names.indexOf(name);
  return mapped < 0 ? undefined : mapped;
}

function valueOf(text: string, { numbers, commaNumbers, present, name }: ColumnFigures): number | string {
  const bare = text.replace(/^(["'])(.*)\1$/s, '$2');
  if (numbers < 0.99 * present && commaNumbers < 0.99 * present) return bare;
  const value = Number(bare);
  if (bare !== '' && Number.isFinite(value)) return value;
  throw invalid(name, `It holds numbers, and is compared with ${bare}.`, 'Compare it with a number.');
}

/** Which of a column's two values is the yes. */
function answerOf(figures: ColumnFigures, name: string): Pick<Target, 'op' | 'value' | 'why'> {
  const { distinct, present, top, numbers } = figures;
  const condition = `Ask a yes-or-no question of it, such as --target '${name} ${numbers === present ? '> 10' : `= ${top[0]?.value ?? 'x'}`}'.`;
  if (present === 0) throw invalid(name, 'It has no value at all.', 'Choose another column.');
  if (distinct === 1) throw invalid(name, `It has one value, ${top[0]?.value}.`, 'Choose another column.');
  if (distinct > 2) throw invalid(name, `It has ${counted(distinct)} values, and a target has two.`, condition);
  const [first, second] = top as unknown as [{ value: string; count: number }, { value: string; count: number }];
  const yes = top.find(({ value }) => POSITIVE.includes(value.toLowerCase()));
  const { value, count } = yes ?? second;
  const other = value === first.value ? second : first;
  const why = `${counted(count)} rows are ${value}, ${counted(other.count)} are ${other.value}${yes === undefined ? '; the rarer one is taken for the yes' : ''}`;
  return { op: '=', value: numbers === present ? Number(value) : value, why };
}

function invalid(column: string, what: string, fix: string): MlopsError {
  return new MlopsError('MLOPS_TARGET_INVALID', `The target can't be learned: ${what}`, { column }, fix);
}
