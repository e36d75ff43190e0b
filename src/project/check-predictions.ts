/** Rules about a source of predictions: a prediction is one row, known once its truth is. */
import { isPredictionField, PREDICTION_FIELDS } from '../domain/definition';
import { didYouMean } from '../domain/did-you-mean';
import type { Report } from './check-parts';
import { listed } from './mistakes';
import type { Parsed } from './project-schema';

type Source = NonNullable<Parsed['source']>;

export function checkPredictions({ columns, key, eventTime, knownAt }: Source, report: Report): void {
  for (const [name, { type, from }] of Object.entries(columns)) {
    if (typeof from === 'object') {
      report(['source', 'columns', name, 'from'], "must be one name: a prediction's inputs and fields are whole");
    }
    if (typeof from !== 'string' || !isPredictionField(from)) continue;
    const types = Object.hasOwn(PREDICTION_FIELDS, from) ? PREDICTION_FIELDS[from] : undefined;
    const field = ['source', 'columns', name];
    const known = Object.keys(PREDICTION_FIELDS);
    if (types === undefined) {
      report([...field, 'from'], `must be an input's name or one of ${listed(known)}.${didYouMean(from, known)}`);
    } else if (!types.includes(type)) report([...field, 'type'], `must be ${listed(types)}, as ${from} is`);
  }
  const columnOf = (from: string) => Object.keys(columns).find((name) => columns[name]?.from === from);
  const id = columnOf('prediction.id');
  const known = columnOf('truth.knownAt');
  if (id === undefined || key?.length !== 1 || key[0] !== id) {
    report(['source', 'key'], `must be the one column from 'prediction.id': a revised truth is a correction`);
  }
  if (known === undefined || knownAt === undefined || !('column' in knownAt) || knownAt.column !== known) {
    report(
      ['source', 'knownAt'],
      `must be { column: … } of the one from 'truth.knownAt': a row is known once its truth is`
    );
  }
  if (eventTime === undefined) {
    report(['source', 'eventTime'], `is missing: declare a column from 'prediction.eventTime'`);
  }
}
