/** Models that a definition may train: its own, or all that its study may choose. Pure. */
import type { Calibration, ModelDefinition, ModelSpec } from '../definition';
import { isSpace } from './space';

export type ModelKind = 'network' | 'trees' | 'linear' | 'trainer';
const KINDS: readonly ModelKind[] = ['network', 'trees', 'linear', 'trainer'];

/** Kinds of the models that may be trained, in the order of their names. */
export function kindsIn(model: ModelDefinition): readonly ModelKind[] {
  const found = new Set('study' in model ? kindsOf(model.study.of) : kindsOf(model));
  return KINDS.filter((kind) => found.has(kind));
}

function kindsOf(template: unknown): ModelKind[] {
  if (typeof template !== 'object' || template === null) return [];
  if (isSpace(template)) return 'oneOf' in template ? template.oneOf.flatMap(kindsOf) : [];
  return KINDS.filter((kind) => kind in template);
}

/** What `calibration` of a model may be; `chosen` where a study has a space there. */
export function calibrationsIn(model: ModelDefinition): readonly (Calibration | 'chosen')[] {
  return [...new Set(calibrationsOf('study' in model ? model.study.of : model))];
}

function calibrationsOf(template: unknown): (Calibration | 'chosen')[] {
  if (typeof template !== 'object' || template === null) return [];
  if (isSpace(template)) return 'oneOf' in template ? template.oneOf.flatMap(calibrationsOf) : [];
  if (!('calibration' in template)) return ['none'];
  const { calibration } = template;
  return [typeof calibration === 'object' ? 'chosen' : ((calibration as Calibration | undefined) ?? 'none')];
}

/** Names of registered trainers that may train. */
export function trainersIn(model: ModelDefinition): readonly string[] {
  const names = 'study' in model ? trainersOf(model.study.of) : trainersOf(model);
  return [...new Set(names)];
}

function trainersOf(template: unknown): string[] {
  if (typeof template !== 'object' || template === null) return [];
  if (isSpace(template)) return 'oneOf' in template ? template.oneOf.flatMap(trainersOf) : [];
  if (!('trainer' in template)) return [];
  return registeredOf(template.trainer);
}

/** A trainer's name may be chosen, or with its whole use. */
function registeredOf(use: unknown): string[] {
  if (typeof use === 'string') return [use];
  if (typeof use !== 'object' || use === null) return [];
  if (isSpace(use)) return 'oneOf' in use ? use.oneOf.flatMap(registeredOf) : [];
  return 'registered' in use ? registeredOf(use.registered) : [];
}

/** Missing numbers: trees keep them and send them to a side of each split; other learners get a value in their place. */
export type Missing = 'kept' | 'replaced';
export const missingOf = (kind: ModelKind): Missing => (kind === 'trees' ? 'kept' : 'replaced');
export const kindOf = (model: ModelSpec): ModelKind => KINDS.find((kind) => kind in model)!;
