/** What the rules between fields have in common. */
import {
  type ColumnType,
  decimalDigits,
  isDecimalOf,
  TYPE_NAMES,
  type TypeName,
  typeName,
  typesWith,
} from '../domain/definition';
import { didYouMean } from '../domain/did-you-mean';
import { listed, type Path } from './mistakes';

export type Report = (path: Path, problem: string) => void;

export type Typed = (path: Path, name: string, types: readonly TypeName[], what: string) => void;

export const ANY: readonly TypeName[] = TYPE_NAMES;
/** What is less than, or equal to, a value that a definition names. */
export const COMPARED: readonly TypeName[] = TYPE_NAMES.filter((name) => name !== 'vector');
export const NUMERIC: readonly TypeName[] = typesWith('numeric');
export const TIME: readonly TypeName[] = ['timestamp'];
/** What can be a category. */
export const VALUES: readonly TypeName[] = typesWith('category');
/** What has a pattern and a length. */
export const CHARACTERS: readonly TypeName[] = typesWith('characters');
/** Whose values are written in a definition as they stand in a row. */
export const EXACT: readonly TypeName[] = typesWith('exact');

/** @param where the source's place in the definition */
export function typedBy(
  source: { readonly columns: Readonly<Record<string, { readonly type: ColumnType }>> },
  where: string,
  report: Report
): Typed {
  const columns = new Map(Object.entries(source.columns).map(([name, { type }]) => [name, type]));
  return (path, name, types, what) => {
    const type = columns.get(name);
    if (type === undefined) {
      report(path, `${where}.columns has no column ${name}.${didYouMean(name, columns.keys())}`);
    } else if (!types.includes(typeName(type))) {
      report(path, `${what} must be a column of type ${listed(types)}; ${name} is ${type}`);
    }
  };
}

/** What a number must be in order to be compared exactly with a decimal. */
export function decimalProblem(type: ColumnType, value: unknown): string | undefined {
  if (typeName(type) !== 'decimal' || typeof value !== 'number') return undefined;
  const { scale } = decimalDigits(type);
  return isDecimalOf({ precision: 38, scale }, value) ? undefined : `a number with at most ${scale} decimals`;
}

/** Names, given or by default, of which none may be there twice. Undefined are entries that couldn't be read. */
export function checkDistinct(
  names: readonly (string | undefined)[] | undefined,
  pathOf: (at: number) => Path,
  report: Report
): void {
  names?.forEach((name, at) => {
    if (name !== undefined && names.indexOf(name) < at) report(pathOf(at), `${name} is there twice; give each its own`);
  });
}
