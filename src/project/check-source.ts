/** Rules about the source: its columns and times, its key, and the file or files that it names. */
import { ANY, checkDistinct, NUMERIC, type Report, TIME, type Typed } from './check-parts';
import { checkPredictions } from './check-predictions';
import type { Parsed } from './project-schema';

type Source = NonNullable<Parsed['source']>;

export function checkSource(source: Source, typed: Typed, report: Report): void {
  checkNames(source, report);
  checkColumns(source, report);
  source.key?.forEach((name, at) => typed(['source', 'key', at], name, ANY, ''));
  checkDistinct(source.key, (at) => ['source', 'key', at], report);
  checkReader(source.reader, report);
  if ('predictions' in source.reader) checkPredictions(source, report);
  const { eventTime, knownAt } = source;
  if (eventTime !== undefined) typed(['source', 'eventTime'], eventTime, TIME, 'the event time');
  if (knownAt === undefined) return;
  if ('column' in knownAt) {
    typed(['source', 'knownAt', 'column'], knownAt.column, TIME, 'the time at which a row is known');
  } else {
    if (eventTime === undefined) {
      const fix = 'name a column in source.eventTime, or the one that says when a row is known in knownAt.column';
      report(['source', 'knownAt', 'eventTimePlus'], `needs an event time; ${fix}`);
    }
    for (const name of Object.keys(knownAt.eventTimePlus.minutesPer)) {
      typed(['source', 'knownAt', 'eventTimePlus', 'minutesPer', name], name, NUMERIC, 'what minutes are counted by');
    }
  }
}

function checkNames({ columns }: Source, report: Report): void {
  const names = Object.keys(columns);
  if (names.length === 0) report(['source', 'columns'], 'must name at least one column');
  const lowerCase = new Map<string, string>();
  for (const name of names) {
    const other = lowerCase.get(name.toLowerCase());
    if (other !== undefined) report(['source', 'columns', name], `differs from ${other} in upper and lower case only`);
    lowerCase.set(name.toLowerCase(), name);
  }
}

function checkColumns({ columns, eventTime, knownAt, reader }: Source, report: Report): void {
  const times = [eventTime, ...(knownAt !== undefined && 'column' in knownAt ? [knownAt.column] : [])];
  for (const [name, { type, from, format, zone, privacy }] of Object.entries(columns)) {
    const field = ['source', 'columns', name];
    if (type !== 'timestamp' && format !== undefined) {
      report([...field, 'format'], `is of timestamps only; ${name} is ${type}`);
    }
    if (type !== 'timestamp' && zone !== undefined) {
      report([...field, 'zone'], `is of timestamps only; ${name} is ${type}`);
    }
    checkPrepared(reader, name, { from, format, zone }, report);
    if (typeof from === 'object') {
      if (type !== 'timestamp')
        report([...field, 'from'], `names several columns, as a timestamp may; ${name} is ${type}`);
      checkDistinct(from, (at) => [...field, 'from', at], report);
    }
    if (privacy === true && times.includes(name)) {
      report([...field, 'privacy'], "can't be: records of snapshots say which times they hold");
    }
  }
}

/** What is prepared has the declared names, and timestamps in UTC: no file has others. A `zone` would move them once more. */
function checkPrepared(
  reader: Source['reader'],
  name: string,
  written: Pick<Source['columns'][string], 'from' | 'format' | 'zone'>,
  report: Report
): void {
  if (!('sql' in reader || 'join' in reader)) return;
  const sources = ('sql' in reader ? reader.sql.from : [reader.join.rows]).map((source) => `sources.${source}`);
  const read = `its timestamps are read already, and in UTC. Declare it in ${sources.join(' or ')}`;
  const fixes = {
    from:
      'sql' in reader
        ? `the statement names its columns (SELECT … AS ${name})`
        : `rename the column in ${sources.join('')}`,
    format: read,
    zone: read,
  };
  for (const [option, fix] of Object.entries(fixes))
    if (written[option as keyof typeof fixes] !== undefined)
      report(['source', 'columns', name, option], `can't be of a prepared source: ${fix}`);
}

function checkReader(reader: Source['reader'], report: Report): void {
  if ('registered' in reader || 'sql' in reader || 'join' in reader || 'mongodb' in reader || 'predictions' in reader)
    return;
  if ('s3' in reader) return checkForm(reader.s3, [reader.s3.path], ['source', 'reader', 's3'], report);
  if ('http' in reader) {
    const field = ['source', 'reader', 'http'];
    checkForm(reader.http, reader.http.path, field, report);
    checkDistinct(reader.http.path, (at) => [...field, 'path', at], report);
    for (const [at, path] of reader.http.path.entries()) {
      const problem = httpPathProblem(path);
      if (problem !== undefined) report([...field, 'path', at], problem);
    }
    return;
  }
  const field = ['source', 'reader', 'file'];
  checkForm(reader.file, [reader.file.path], field, report);
  if (ADDRESS.test(reader.file.path)) {
    report(
      [...field, 'path'],
      'must be a file, not an address; what is elsewhere is read by a connection (reader.http)'
    );
  }
}

const ADDRESS = /^[a-z][a-z0-9+.-]*:\/\//i;

/** Which host is reached is the worker's to declare; the path goes on from its address. */
function httpPathProblem(path: string): string | undefined {
  if (ADDRESS.test(path) || /^[\\/]/.test(path)) return "must be relative to the connection's address";
  return /(^|\/)\.\.?(\/|$)|[\\#\s]/.test(path.replace(/%2e/gi, '.'))
    ? 'must not climb, and hold no blank, backslash or #'
    : undefined;
}

type Form = Pick<Extract<Source['reader'], { readonly file: unknown }>['file'], 'format' | 'csv'>;

function checkForm({ format, csv }: Form, paths: readonly string[], field: readonly string[], report: Report): void {
  const byPath = new Set(paths.map(formatOf));
  const known = format ?? (byPath.size === 1 ? [...byPath][0] : undefined);
  if (csv !== undefined && known !== 'csv') report([...field, 'csv'], 'is of CSV files only');
  if (csv?.quote !== undefined && csv.quote !== '' && csv.delimiter.includes(csv.quote)) {
    report([...field, 'csv', 'quote'], 'is a part of the delimiter');
  }
  if (known === undefined) {
    const endings = '.parquet, .csv, .jsonl, .ndjson or .json, each with .gz or without';
    const path = paths.length === 1 ? 'the path does' : 'the paths do';
    report([...field, 'format'], `is missing, and ${path} not end in ${paths.length === 1 ? '' : 'one of '}${endings}`);
  }
}

/** By the path's ending; undefined where that says nothing. */
export function formatOf(path: string): 'parquet' | 'csv' | 'jsonl' | undefined {
  const ending = /\.([a-z]+)$/i.exec(path.replace(/\?.*$/s, '').replace(/\.gz$/i, ''))?.[1]?.toLowerCase();
  if (ending === 'ndjson' || ending === 'json') return 'jsonl';
  return ending === 'parquet' || ending === 'csv' || ending === 'jsonl' ? ending : undefined;
}
