/** The folds of a study: over which rows each of its trials learns and is judged. Pure. */
import type { ProjectDefinition } from '../definition';
import { MlopsError } from '../errors';
import { type Fold, foldsOf } from '../folds';
import { splitAt } from '../split';

/** Fold 0 first. Empty where the model is not a study, or the study judges trials by the validation rows. */
export function studyFolds(defined: ProjectDefinition, asOf: string): readonly Fold[] {
  const { model, period } = defined;
  if (!('study' in model) || model.study.folds === undefined) return [];
  const { folds, seed } = model.study;
  return foldsOf(splitAt(defined, asOf), { folds, seed }, period);
}

/**
 * @param number from 0
 * @throws MlopsError MLOPS_DEFINITION_INVALID: the definition has no such fold
 */
export function studyFold(defined: ProjectDefinition, asOf: string, number: number): Fold {
  const folds = studyFolds(defined, asOf);
  const fold = folds[number];
  if (fold !== undefined) return fold;
  const what = 'The definition’s study has no fold of this number.';
  throw new MlopsError(
    'MLOPS_DEFINITION_INVALID',
    what,
    { number, folds: folds.length },
    'Ask for one of 0 to folds − 1.'
  );
}
