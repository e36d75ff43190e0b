/** Rules about further sources: each as the project's own, read by a statement or join, and there before what reads it. */
import { didYouMean } from '../domain/did-you-mean';
import { type Report, typedBy } from './check-parts';
import { checkSource } from './check-source';
import { checkJoin } from './check-views';
import type { Parsed } from './project-schema';

type Source = NonNullable<Parsed['source']>;

export function checkSources(parsed: Parsed, report: Report): void {
  const { source: own, sources = {} } = parsed;
  const before: string[] = [];
  const read = new Set<string>();
  for (const [name, source] of Object.entries(sources)) {
    const path = ['sources', name];
    // Their paths begin with the project's own source.
    const here: Report = (at, problem) => report([...path, ...at.slice(1)], problem);
    checkSource(source, typedBy(source, path.join('.'), here), here);
    for (const each of checkMadeOf(source, before, parsed, here)) read.add(each);
    before.push(name);
  }
  if (own === undefined) return;
  for (const each of checkMadeOf(own, before, parsed, report)) read.add(each);
  for (const name of before) {
    if (!read.has(name))
      report(
        ['sources', name],
        "is read by no statement or join: name it in a source's reader.sql.from, reader.join.rows or a view's from"
      );
  }
}

function checkMadeOf(source: Source, before: readonly string[], parsed: Parsed, report: Report): readonly string[] {
  return [...checkStatement(source, before, report), ...checkJoin(source, before, parsed, report)];
}

/** @param before names of the sources that its statement may read */
function checkStatement({ reader, key }: Source, before: readonly string[], report: Report): readonly string[] {
  if (!('sql' in reader)) return [];
  const { from } = reader.sql;
  from.forEach((name, at) => {
    if (!before.includes(name)) {
      const near = didYouMean(name, before);
      report(['source', 'reader', 'sql', 'from', at], `${name} must be one of sources, before this one.${near}`);
    }
    if (from.indexOf(name) < at) report(['source', 'reader', 'sql', 'from', at], `${name} is there twice`);
  });
  if (key === undefined) report(['source', 'key'], 'is missing: a statement gives each key once');
  return from;
}
