/** Rules about feature views and the joins that take them: nothing may say what was not known yet. */
import { type ColumnType, typeName, wordsOfSql } from '../domain/definition';
import { didYouMean } from '../domain/did-you-mean';
import { RESERVED_COLUMNS } from '../domain/ids';
import { labelColumnOf } from '../domain/readable-columns';
import { checkDistinct, type Report } from './check-parts';
import { clocksOf } from './clocks';
import { rowsOf, type Sources } from './joined-rows';
import { listed } from './mistakes';
import type { Parsed } from './project-schema';

type Source = NonNullable<Parsed['source']>;
type Views = NonNullable<Parsed['views']>;
type View = Views[string];

/** What stays the same value however it is written. */
const ENTITY: readonly ColumnType[] = ['string', 'integer', 'boolean'];

export function checkViews({ views = {}, sources = {}, source, label }: Parsed, report: Report): void {
  const labelColumn = labelColumnOf(label);
  for (const [name, view] of Object.entries(views)) checkView(view, ['views', name], { sources, labelColumn }, report);
  if (source === undefined) return;
  const joined = new Set([...Object.values(sources), source].flatMap(({ reader }) => joinOf(reader)?.views ?? []));
  for (const name of Object.keys(views)) {
    if (!joined.has(name)) report(['views', name], "is in no join: name it in a source's reader.join.views");
  }
}

function joinOf(reader: Source['reader']) {
  return 'join' in reader ? reader.join : undefined;
}

interface Around {
  readonly sources: Sources;
  /** What the label's rule reads. */
  readonly labelColumn: string | undefined;
}

function checkView(view: View, path: readonly string[], { sources, labelColumn }: Around, report: Report): void {
  const { from, entity, clock, values } = view;
  const history = Object.hasOwn(sources, from) ? sources[from] : undefined;
  checkDistinct(entity, (at) => [...path, 'entity', at], report);
  checkNames(Object.keys(values), path, report);
  entity.forEach((name, at) => {
    if (name !== labelColumn) return;
    report([...path, 'entity', at], `${name} is what the label is made of: values by it would give the answer away`);
  });
  if (history === undefined) {
    report([...path, 'from'], `${from} must be one of sources.${didYouMean(from, Object.keys(sources))}`);
    return;
  }
  entity.forEach((name, at) => {
    const problem = entityProblem(name, history, `sources.${from}`);
    if (problem !== undefined) report([...path, 'entity', at], problem);
  });
  if (history.eventTime === undefined && (clock === 'eventTime' || history.knownAt === undefined)) {
    const missing = clock === 'eventTime' ? 'an event time' : 'an event time or known-at';
    report([...path, 'from'], `${from} has no clock: give sources.${from} ${missing}`);
  }
  if (clock !== 'eventTime' || labelColumn === undefined) return;
  for (const [name, sql] of Object.entries(values)) {
    if (!wordsOfSql(sql).has(labelColumn.toLowerCase())) continue;
    const fix = "leave the clock out, so that each row counts once it is known ('knownAt')";
    report([...path, 'values', name], `reads the future: ${labelColumn} is what the label is made of; ${fix}`);
  }
}

function checkNames(names: readonly string[], path: readonly string[], report: Report): void {
  names.forEach((name, at) => {
    if (RESERVED_COLUMNS.includes(name))
      report([...path, 'values', name], `${name} is a name that the model's graph has`);
    const same = names.findIndex((other) => other.toLowerCase() === name.toLowerCase());
    if (same < at) report([...path, 'values', name], `differs from ${names[same]} in upper and lower case only`);
  });
}

function entityProblem(name: string, { columns }: Source, where: string): string | undefined {
  const type = columns[name]?.type;
  if (type === undefined) return `${where}.columns has no column ${name}.${didYouMean(name, Object.keys(columns))}`;
  return ENTITY.includes(type) ? undefined : `must be a column of type ${listed(ENTITY)}; ${name} is ${type}`;
}

/**
 * A joined source gives its rows' columns and its views' values, and nothing else.
 * @param before names of the sources that it may be made of
 * @returns those that it is made of
 */
export function checkJoin(
  source: Source,
  before: readonly string[],
  { views = {}, sources = {} }: Parsed,
  report: Report
): readonly string[] {
  const join = joinOf(source.reader);
  if (join === undefined) return [];
  const path = ['source', 'reader', 'join'];
  if (!before.includes(join.rows)) {
    report([...path, 'rows'], `${join.rows} must be one of sources, before this one.${didYouMean(join.rows, before)}`);
  }
  checkDistinct(join.views, (at) => [...path, 'views', at], report);
  const known = join.views.flatMap((name, at) => {
    const view = Object.hasOwn(views, name) ? views[name] : undefined;
    if (view === undefined) {
      report([...path, 'views', at], `${name} must be one of views.${didYouMean(name, Object.keys(views))}`);
    } else if (Object.hasOwn(sources, view.from) && !before.includes(view.from)) {
      report([...path, 'views', at], `${name} is of ${view.from}, which must be before this source in sources`);
    }
    return view === undefined ? [] : [{ name, at, view }];
  });
  const rows = rowsOf(source, sources);
  if (rows !== undefined) {
    checkTimes(source, rows, join.rows, report);
    for (const { view, at, name } of known) {
      const problem = entitiesProblem(view, rows, sources);
      if (problem !== undefined) report([...path, 'views', at], `${name} can't be joined: ${problem}`);
    }
    checkGiven(source, rows, known, { rowsName: join.rows, sources }, report);
  }
  return [join.rows, ...known.map(({ view }) => view.from)];
}

/** A joined row is known when its row is: with another clock its label could be known too early. */
function checkTimes(source: Source, rows: Source, name: string, report: Report): void {
  const problem = `must be that of sources.${name}: leave it out`;
  if (rows.eventTime === undefined) {
    report(
      ['source', 'reader', 'join', 'rows'],
      `${name} has no event time: values are those before a row's event time`
    );
    return;
  }
  const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);
  if (source.eventTime !== rows.eventTime) report(['source', 'eventTime'], problem);
  if (!same(source.key, rows.key)) report(['source', 'key'], problem);
  if (!same({ ...source, ...clocksOf(source) }.knownAt, { ...rows, ...clocksOf(rows) }.knownAt)) {
    report(['source', 'knownAt'], problem);
  }
}

function entitiesProblem({ entity, from }: View, rows: Source, sources: Sources): string | undefined {
  for (const name of entity) {
    const type = rows.columns[name]?.type;
    const other = sources[from]?.columns[name]?.type;
    if (type === undefined) return `its entity ${name} is not a column of the rows`;
    if (other !== undefined && type !== other) return `its entity ${name} is ${other}, and ${type} in the rows`;
  }
  return undefined;
}

interface Named {
  readonly name: string;
  readonly view: View;
}

function checkGiven(
  { columns }: Source,
  rows: Source,
  views: readonly Named[],
  { rowsName, sources }: { readonly rowsName: string; readonly sources: Sources },
  report: Report
): void {
  const givers = new Map(Object.keys(rows.columns).map((name) => [name.toLowerCase(), `sources.${rowsName}`]));
  const hidden = new Set(Object.keys(rows.columns).filter((name) => rows.columns[name]!.privacy === true));
  for (const { name: viewName, view } of views) {
    for (const [value, sql] of Object.entries(view.values)) {
      const other = givers.get(value.toLowerCase());
      if (other !== undefined) {
        report(['views', viewName, 'values', value], `${value} is a name that ${other} gives already: give it another`);
      }
      givers.set(value.toLowerCase(), `views.${viewName}`);
      if (readsPrivate(sql, sources[view.from])) hidden.add(value);
    }
  }
  const given = [...Object.keys(rows.columns), ...views.flatMap(({ view }) => Object.keys(view.values))];
  for (const [name, { type, privacy }] of Object.entries(columns)) {
    const field = ['source', 'columns', name];
    const own = rows.columns[name]?.type;
    if (!given.includes(name)) {
      const near = didYouMean(name, given);
      report(field, `is neither a column of sources.${rowsName} nor a value of a view that is joined.${near}`);
    } else if (own !== undefined && own !== type) {
      report(field, `must be ${own}, as in sources.${rowsName}; is ${type}`);
    }
    if (own === undefined && typeName(type) === 'vector')
      report(field, 'can not be a vector: a view gives single values');
    if (hidden.has(name) && privacy !== true) {
      report(field, 'must have privacy: true, as what it is made of');
    }
  }
}

function readsPrivate(sql: string, history: Source | undefined): boolean {
  const words = wordsOfSql(sql);
  return Object.entries(history?.columns ?? {}).some(
    ([name, { privacy }]) => privacy === true && words.has(name.toLowerCase())
  );
}
