/** Which output of a foreign graph holds the scores, and the nodes that make ours of it. */
import { MlopsError } from '../../../domain/errors';
import { kindOf, namesOf, scoreOutput, type Target, widthOf } from '../../../domain/task';
import { TensorProto_DataType } from '../generated/onnx_pb';
import type { ForeignOutput } from './foreign';
import { renamed } from './renamed';
import type { Wrapper } from './wrapper';

interface ScoreOutput {
  readonly output: ForeignOutput;
  /** Numbers of a row in the foreign output. */
  readonly width: number;
}

/**
 * The one output whose numbers can be the task's scores. Where several can, one that says that it holds probabilities.
 * @throws MlopsError MLOPS_MODEL_OUTPUTS
 */
export function scoresIn(outputs: readonly ForeignOutput[], target: Target, all: readonly string[]): ScoreOutput {
  const fit = outputs.flatMap((output) => {
    const width = widthIn(output);
    return width !== undefined && fits(target, width) ? [{ output, width }] : [];
  });
  const likely = fit.filter(({ output }) => /prob/i.test(output.shown));
  const found = fit.length === 1 ? fit : likely;
  if (found.length === 1) return found[0]!;
  const needed = neededWords(target);
  const what =
    fit.length === 0 ? `No output of the model gives ${needed}.` : `Several outputs of the model can be ${needed}.`;
  const given = outputs.map(
    (output) => `${output.shown} [${['N', ...(output.dims ?? ['…']).map((size) => size ?? '?')].join(', ')}]`
  );
  throw new MlopsError(
    'MLOPS_MODEL_OUTPUTS',
    what,
    { task: kindOf(target), outputs: (given.length === 0 ? all : given).join('; ').slice(0, 500) },
    fit.length === 0
      ? 'Export the model with them: a label alone is not enough to judge by.'
      : 'Export the model with one of them: onnx.utils.extract_model keeps the outputs that it is given.'
  );
}

function neededWords(target: Target): string {
  if (target === 'number') return 'one number for each row';
  if (target === 'binary') return 'a probability for each row, or one of each of the two outcomes';
  return `a probability for each row of each of the ${widthOf(target)} ${kindOf(target)}`;
}

function fits(target: Target, width: number): boolean {
  return target === 'binary' ? width === 1 || width === 2 : width === widthOf(target);
}

function widthIn({ dims }: ForeignOutput): number | undefined {
  if (dims === undefined) return undefined;
  return dims.every((size) => size !== undefined) ? dims.reduce((product, size) => product * size!, 1) : undefined;
}

/**
 * Adds the nodes between the foreign output and ours, float32.
 * @throws MlopsError MLOPS_MODEL_OUTPUTS: its classes are not the project's
 */
export function give(wrapper: Wrapper, { output, width }: ScoreOutput, target: Target): void {
  const from = wrapper.cast(renamed(output.name), TensorProto_DataType.FLOAT, 'after');
  const flat = wrapper.reshape(from, [-1, width], 'after');
  const places = placesOf(output, width, target);
  const ours = widthOf(target) === 1 ? [-1] : [-1, widthOf(target)];
  wrapper.reshape(
    places === undefined ? flat : wrapper.gather(flat, places),
    ours,
    'after',
    scoreOutput(kindOf(target))
  );
}

/** Where our numbers stand among its numbers; undefined: as they are. */
function placesOf({ shown, classes }: ForeignOutput, width: number, target: Target): readonly number[] | undefined {
  if (target === 'number' || (target === 'binary' && width === 1)) return undefined;
  if (target === 'binary') {
    if (classes === undefined || classes.length !== 2) return [1];
    const place = classes.findIndex((name) => YES.has(name.toLowerCase()));
    const other = classes.findIndex((name) => NO.has(name.toLowerCase()));
    if (place >= 0 && other >= 0) return [place];
    throw otherClasses(
      shown,
      classes,
      'Train it on labels 0 and 1, or false and true: the project can not know which of these is 1.'
    );
  }
  const names = namesOf(target);
  if (names === undefined || classes === undefined) return undefined;
  const places = names.map((name) => classes.indexOf(name));
  if (classes.length === names.length && !places.includes(-1)) return places;
  // Labels that were numbered in the order of the classes, as several libraries want them.
  if (classes.every((name, place) => name === String(place))) return undefined;
  throw otherClasses(shown, classes, `Its classes must be the objective's: ${names.slice(0, SHOWN).join(', ')}.`);
}

const YES: ReadonlySet<string> = new Set(['1', '1.0', 'true']);
const NO: ReadonlySet<string> = new Set(['0', '0.0', 'false', '-1']);
const SHOWN = 10;

function otherClasses(output: string, classes: readonly string[], fix: string): MlopsError {
  const where = { output, classes: classes.slice(0, SHOWN).join(', ') };
  return new MlopsError('MLOPS_MODEL_OUTPUTS', 'The model has other classes than the project.', where, fix);
}
