/** A project's sources: the one that it learns from, and those that statements read. Pure. */
import type { ProjectDefinition, SchemaDefinition, SourceDefinition } from './definition';

/** A source and what is to be there before it is read. */
export interface SourceOrder {
  /** Absent: the project's own. */
  readonly name?: string;
  /** Names of the sources that its statement reads. */
  readonly from: readonly string[];
}

/** Those that statements read, in the order in which they can be, then the project's own. */
export function sourcesInOrder({ source, sources }: Pick<ProjectDefinition, 'source' | 'sources'>): SourceOrder[] {
  const further = Object.entries(sources).map(([name, each]) => ({ name, from: fromOf(each) }));
  return [...further, { from: fromOf(source) }];
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
  return name === undefined ? schema : { ...schema, columns: [], table: [], dependencies: [], minRows: 1 };
}

function fromOf({ reader }: SourceDefinition): readonly string[] {
  return 'sql' in reader ? reader.sql.from : [];
}
