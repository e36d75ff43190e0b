/** What two snapshots declare differently. */
import type { ColumnType } from '../../../domain/definition';
import type { SnapshotBody } from '../../../domain/records';

export type DeclaredColumns = Pick<SnapshotBody, 'columns' | 'key' | 'privacy' | 'eventTime'>;

export interface SchemaChanges {
  readonly added: Readonly<Record<string, ColumnType>>;
  readonly removed: Readonly<Record<string, ColumnType>>;
  readonly changed: Readonly<Record<string, { readonly from: ColumnType; readonly to: ColumnType }>>;
  /** The columns that identify a row; null where none are declared. */
  readonly key?: { readonly from: readonly string[] | null; readonly to: readonly string[] | null };
  readonly eventTime?: { readonly from: string | null; readonly to: string | null };
}

export function schemaChanges(a: DeclaredColumns, b: DeclaredColumns): SchemaChanges {
  const names = (of: DeclaredColumns) => Object.keys(of.columns).sort();
  const only = (of: DeclaredColumns, other: DeclaredColumns) =>
    Object.fromEntries(names(of).flatMap((name) => (name in other.columns ? [] : [[name, of.columns[name]!]])));
  const changed = names(a).flatMap((name) => {
    const [from, to] = [a.columns[name]!, b.columns[name]];
    return to === undefined || to === from ? [] : [[name, { from, to }] as const];
  });
  return {
    added: only(b, a),
    removed: only(a, b),
    changed: Object.fromEntries(changed),
    ...(sameList(a.key, b.key) ? {} : { key: { from: a.key ?? null, to: b.key ?? null } }),
    ...(a.eventTime === b.eventTime ? {} : { eventTime: { from: a.eventTime ?? null, to: b.eventTime ?? null } }),
  };
}

/** Columns that both have, of one type, by name. */
export function commonColumns(a: DeclaredColumns, b: DeclaredColumns): Readonly<Record<string, ColumnType>> {
  const same = Object.keys(a.columns).filter((name) => a.columns[name] === b.columns[name]);
  return Object.fromEntries(same.sort().map((name) => [name, a.columns[name]!]));
}

export function sameColumns(a: DeclaredColumns, b: DeclaredColumns): boolean {
  const common = Object.keys(commonColumns(a, b)).length;
  return common === Object.keys(a.columns).length && common === Object.keys(b.columns).length;
}

/** The declared key of both, where they have the same. */
export function commonKey(a: DeclaredColumns, b: DeclaredColumns): readonly string[] | undefined {
  if (a.key === undefined || !sameList(a.key, b.key)) return undefined;
  return a.key.every((name) => a.columns[name] === b.columns[name]) ? a.key : undefined;
}

function sameList(a: readonly string[] | undefined, b: readonly string[] | undefined): boolean {
  return a === undefined || b === undefined ? a === b : a.length === b.length && a.every((one, i) => one === b[i]);
}
