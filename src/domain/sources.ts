/** A project's sources: the one that it learns from, and those that it is made of. Pure. */
import type { JoinReader, ProjectDefinition, SchemaDefinition, SourceDefinition } from './definition';

/** A source and what is to be there before it is read. */
export interface SourceOrder {
  /** Absent: the project's own. */
  readonly name?: string;
  /** Names of the sources that it is made of. */
  readonly from: readonly string[];
}

/** Those that others are made of, in the order in which they can be, then the project's own. */
export function sourcesInOrder(definition: Pick<ProjectDefinition, 'source' | 'sources' | 'views'>): SourceOrder[] {
  const { source, sources, views } = definition;
  const further = Object.entries(sources).map(([name, each]) => ({ name, from: madeOf(each, views) }));
  return [...further, { from: madeOf(source, views) }];
}

/** @param name absent: the project's own */
export function sourceNamed(
  { source, sources }: Pick<ProjectDefinition, 'source' | 'sources'>,
  name: string | undefined
): SourceDefinition | undefined {
  if (name === undefined) return source;
  return Object.hasOwn(sources, name) ? sources[name] : undefined;
}

/** The project's rules are about its own columns; of another source a row needs its key, its times and values of their types. */
export function schemaOf({ schema }: Pick<ProjectDefinition, 'schema'>, name: string | undefined): SchemaDefinition {
  return name === undefined
    ? schema
    : { ...schema, columns: [], table: [], dependencies: [], minRows: 1, newCategoriesOf: {} };
}

/** Names of the sources whose snapshots a source is made of; of one that is read none. */
export function madeOf(
  { reader }: Pick<SourceDefinition, 'reader'>,
  views: ProjectDefinition['views']
): readonly string[] {
  if ('sql' in reader) return reader.sql.from;
  if (!('join' in reader)) return [];
  const { rows, views: names } = reader.join;
  return [...new Set([rows, ...names.map((name) => views[name]!.from)])];
}

/** A join with its views themselves. */
export function joinOf(
  { rows, views: names }: JoinReader,
  views: ProjectDefinition['views']
): { readonly rows: string; readonly views: ProjectDefinition['views'] } {
  return { rows, views: Object.fromEntries(names.map((name) => [name, views[name]!])) };
}
