/**
 * An endpoint's predictions as files of a source, one for each day of event time: a line of JSON for each truth that was
 * ever in force, so that at any asOf the one with the greatest known-at is the one that was in force then.
 */
import {
  isPredictionField,
  namesInFile,
  type PredictionsReader,
  privateColumns,
  type SourceDefinition,
} from '../domain/definition';
import { didYouMean } from '../domain/did-you-mean';
import { MlopsError } from '../domain/errors';
import { fileOfDay } from '../domain/ids';
import { digestOf } from '../runtime/digest';
import { jsonLineOf } from '../sources/document-line';
import type { RemoteFile } from '../sources/remote-file';
import type { Stores } from '../stores/connect';
import { definedProjects, definitionInForce } from '../stores/definitions';
import { type MaturedPrediction, maturedDays, maturedOn } from '../stores/matured';
import type { StoredTruth } from '../stores/truths';
import { definitionOf } from './definitions';

/** Lines are handed on in chunks of about so many characters. */
const CHUNK = 65_536;

export interface PredictionFiles {
  readonly files: readonly RemoteFile[];
  /** Once all are read. @throws MlopsError MLOPS_COLUMN_MISSING: no prediction has an input of that name */
  checkInputs(): void;
}

/**
 * @throws MlopsError MLOPS_RECORD_MISSING: no such project; MLOPS_DEFINITION_INVALID: an input is private there and not here;
 * MLOPS_SOURCE_MISSING: no truth is known; MLOPS_TOO_MANY_FILES
 */
export async function predictionFiles(
  stores: Stores,
  { project }: PredictionsReader,
  { name, columns }: Pick<SourceDefinition, 'name' | 'columns'>,
  most: number,
  signal: AbortSignal
): Promise<PredictionFiles> {
  await checkPrivacy(stores, project, columns);
  const fields = [
    ...new Set(Object.entries(columns).flatMap(([column, definition]) => namesInFile(column, definition))),
  ];
  const unseen = new Set(fields.filter((field) => !isPredictionField(field)));
  const served = new Set<string>();
  const linesOf = ({ prediction, truths }: MaturedPrediction): string => {
    for (const input of Object.keys(prediction.inputs)) {
      served.add(input);
      unseen.delete(input);
    }
    return everInForce(truths)
      .map((truth) => `${lineOf(prediction, truth, fields)}\n`)
      .join('');
  };
  const files: RemoteFile[] = [];
  for await (const day of maturedDays(stores, project, signal)) {
    if (files.length === most) throw tooMany(project, most);
    const path = fileOfDay(project, day);
    files.push({
      path,
      key: digestOf({ predictions: path, fields }),
      async open(_, stop) {
        const own = new AbortController();
        const both = AbortSignal.any([stop, own.signal]);
        const chunks = inChunks(maturedOn(stores, project, day, both), linesOf);
        return { chunks, close: () => own.abort(), after: 0, resumable: false };
      },
    });
  }
  if (files.length === 0) {
    const fix = 'Report truths to its endpoint, or read another source until some are known.';
    throw new MlopsError('MLOPS_SOURCE_MISSING', 'No prediction has a truth yet.', { project, source: name }, fix);
  }
  return {
    files,
    checkInputs() {
      const [input] = unseen;
      if (input === undefined) return;
      const where = { source: name, project, input, served: [...served].sort().join(' ') };
      const near = didYouMean(input, served);
      const fix = `Declare only inputs that were served.${near}`;
      throw new MlopsError('MLOPS_COLUMN_MISSING', 'No prediction has an input of that name.', where, fix);
    },
  };
}

/** What is private to the project that served it stays so. */
async function checkPrivacy(stores: Stores, project: string, columns: SourceDefinition['columns']): Promise<void> {
  const inForce = await definitionInForce(stores, project);
  if (inForce === null) {
    const near = didYouMean(project, await definedProjects(stores));
    throw new MlopsError('MLOPS_RECORD_MISSING', 'There is no such project.', { project }, `Name one.${near}`);
  }
  const hidden = privateColumns((await definitionOf(stores, inForce.definition)).source);
  for (const [column, definition] of Object.entries(columns)) {
    if (definition.privacy === true || !namesInFile(column, definition).some((from) => hidden.includes(from))) continue;
    const what = 'The input is private to the project that served it.';
    throw new MlopsError(
      'MLOPS_DEFINITION_INVALID',
      what,
      { project, column },
      'Declare the column with privacy: true.'
    );
  }
}

/** Each but those that a later revision, known as early, had replaced from the beginning. */
function everInForce(truths: readonly StoredTruth[]): readonly StoredTruth[] {
  let earliest = Number.POSITIVE_INFINITY;
  const found = truths.toReversed().filter(({ knownAt }) => {
    if (knownAt.getTime() >= earliest) return false;
    earliest = knownAt.getTime();
    return true;
  });
  return found.reverse();
}

function lineOf(prediction: MaturedPrediction['prediction'], truth: StoredTruth, fields: readonly string[]): string {
  const values: Readonly<Record<string, unknown>> = {
    ...prediction.inputs,
    'prediction.id': prediction._id,
    'prediction.eventTime': microseconds(prediction.eventTime),
    'prediction.version': prediction.version,
    'prediction.score': prediction.score,
    'prediction.decision': prediction.decision,
    'prediction.control': prediction.control === true,
    'truth.value': truth.value,
    'truth.knownAt': microseconds(truth.knownAt),
  };
  return jsonLineOf(Object.fromEntries(fields.map((field) => [field, values[field] ?? null])));
}

function microseconds(time: Date | undefined): number | null {
  return time === undefined ? null : time.getTime() * 1_000;
}

async function* inChunks(
  predictions: AsyncIterable<MaturedPrediction>,
  linesOf: (prediction: MaturedPrediction) => string
): AsyncGenerator<Buffer> {
  let text = '';
  for await (const prediction of predictions) {
    text += linesOf(prediction);
    if (text.length < CHUNK) continue;
    yield Buffer.from(text);
    text = '';
  }
  if (text !== '') yield Buffer.from(text);
}

function tooMany(project: string, limit: number): MlopsError {
  const fix = "Raise the worker's limit sourceFiles.";
  return new MlopsError('MLOPS_TOO_MANY_FILES', 'The predictions are of too many days.', { project, limit }, fix);
}
