/** Rules about the split and the cluster: a part must be decidable, and never by a row's place in the source. */
import { type TypeName, typeName } from '../domain/definition';
import { ANY, checkDistinct, EXACT, type Report, TIME, type Typed, VALUES } from './check-parts';
import { excerptOf } from './mistakes';
import type { Parsed } from './project-schema';

export function checkSplit(parsed: Parsed, typed: Typed, report: Report): void {
  const { split, cluster, source } = parsed;
  if (source === undefined) return;
  const timed = source.eventTime !== undefined;
  if (cluster === 'day' && !timed) {
    report(['cluster'], "is day, but the source has no event time; leave it out, or write 'row' or { column: … }");
  }
  if (typeof cluster === 'object') typed(['cluster', 'column'], cluster.column, [...VALUES, ...TIME], 'a cluster');
  if (split === undefined) return;
  const periods =
    split.by === 'time' || (split.by === undefined && (split.testPeriods ?? split.validationPeriods) !== undefined);
  if (periods && !timed)
    report(['split'], "is by time, but the source has no event time; write by: 'hash' or by: 'column'");
  if (split.by === 'hash' || (split.by === undefined && !timed && !periods)) checkHash(split, source, typed, report);
  if (split.by === 'column') checkValues(split, source, typed, report);
}

type Source = NonNullable<Parsed['source']>;
type Split = NonNullable<Parsed['split']>;

function checkHash(
  split: Exclude<Split, { readonly by: 'time' | 'column' }>,
  source: Source,
  typed: Typed,
  report: Report
): void {
  const columns = split.by === 'hash' ? split.columns : undefined;
  columns?.forEach((name, at) => typed(['split', 'columns', at], name, ANY, ''));
  checkDistinct(columns, (at) => ['split', 'columns', at], report);
  if (columns === undefined && source.key === undefined) {
    report(
      ['split'],
      'is by hash and nothing says of what: declare in source.key the columns that identify a row, or name in split.columns those whose rows stay together'
    );
  }
  if (split.by === 'hash' && split.test + split.validation >= 1) {
    report(
      ['split', 'validation'],
      `leaves no row for training: test and validation are ${split.test + split.validation} in all`
    );
  }
}

function checkValues(
  split: Extract<Split, { readonly by: 'column' }>,
  source: Source,
  typed: Typed,
  report: Report
): void {
  typed(['split', 'column'], split.column, EXACT, 'what a split goes by');
  const type = source.columns[split.column]?.type;
  const wanted = type === 'integer' ? 'number' : type;
  const seen = new Set<string>();
  for (const part of ['test', 'validation'] as const) {
    split[part].forEach((value, at) => {
      const fits = typeof value === wanted && (type !== 'integer' || Number.isSafeInteger(value));
      if (type !== undefined && EXACT.includes(typeName(type)) && !fits) {
        report(
          ['split', part, at],
          `must be ${NOUNS[typeName(type)]}, as ${split.column} is ${type}; is ${excerptOf(value)}`
        );
      } else if (seen.has(String(value))) {
        report(['split', part, at], `${excerptOf(value)} is there twice; a value is in one part`);
      }
      seen.add(String(value));
    });
  }
}

const NOUNS: Partial<Record<TypeName, string>> = {
  string: 'a text',
  integer: 'a whole number',
  boolean: 'true or false',
};
