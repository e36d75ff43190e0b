/** What the rules between fields have in common. */
import type { ColumnType } from '../domain/definition';
import { didYouMean } from '../domain/did-you-mean';
import { listed, type Path } from './mistakes';

export type Report = (path: Path, problem: string) => void;

export type Typed = (path: Path, name: string, types: readonly ColumnType[], what: string) => void;

export const ANY: readonly ColumnType[] = ['string', 'integer', 'number', 'boolean', 'timestamp'];
export const NUMERIC: readonly ColumnType[] = ['integer', 'number'];
export const TIME: readonly ColumnType[] = ['timestamp'];

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
    } else if (!types.includes(type)) {
      report(path, `${what} must be a column of type ${listed(types)}; ${name} is ${type}`);
    }
  };
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
