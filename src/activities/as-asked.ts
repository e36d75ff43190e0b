/**
 * Whether records are what a definition asks for as of a cycle's moment, by what the records themselves say of the steps that made them.
 * A workflow only passes on what an activity answered, and whoever polls the project's queue may have given that answer.
 */
import { type ModelDefinition, type ModelSpec, needsLabels, type ProjectDefinition } from '../domain/definition';
import type { Fact, Origin } from '../domain/records';
import type { Ref } from '../domain/refs';
import { splitAt } from '../domain/split';
import { kindOf, missingOf } from '../domain/study/models';
import { targetOf, taskOf } from '../domain/task';
import { digestOf } from '../runtime/digest';
import type { Stores } from '../stores/connect';
import { notAuthorized } from './caller';
import { rowsDecidedBy } from './ingest';

export interface Made {
  readonly snapshot: Ref<'snapshot'>;
  readonly labelSet: Ref<'labelSet'>;
  readonly features: Ref<'featureSet'>;
  readonly run: Fact<'run'>;
  readonly origin: Origin;
}

/** @throws MlopsError MLOPS_NOT_AUTHORIZED names the record that is another's */
export async function requireAsAsked(
  stores: Stores,
  defined: ProjectDefinition,
  asOf: string,
  { run, origin, ...made }: Made
): Promise<void> {
  const { source, schema, views, label, model } = defined;
  const [snapshot, labelSet, featureSet] = await Promise.all([
    stores.facts.get({ kind: 'snapshot', id: made.snapshot.id }),
    stores.facts.get({ kind: 'labelSet', id: made.labelSet.id }),
    stores.facts.get({ kind: 'featureSet', id: made.features.id }),
  ]);
  const split = splitAt(defined, asOf);
  const task = targetOf(taskOf(defined.objective));
  const features = origin.kind === 'import' ? [] : defined.features;
  // Which model a study chose, and how far it was trained, the records of its trials say.
  const one = origin.kind === 'import' || 'study' in model ? {} : { model, epochs: undefined };
  const whole = { split, fold: undefined };
  const { rowsOf, asOf: known } = snapshot.body;
  const asked: Readonly<Record<string, boolean>> = {
    'The snapshot is of other rows than the definition’s.': rowsOf === rowsDecidedBy(source, schema, views),
    'The snapshot is as of another moment.': Date.parse(known) === Date.parse(asOf),
    'The snapshot was judged by other rules.': has(snapshot, { schema }),
    'The labels are not those of the definition.': has(labelSet, { label, task }),
    'The labels are another snapshot’s.': isMadeOf(labelSet, [snapshot]),
    'The features are not those of the definition.': has(featureSet, {
      features,
      dependencies: schema.dependencies,
      ...missingIn(model, features.length > 0),
      ...whole,
    }),
    'The features were fitted on other data.': isMadeOf(
      featureSet,
      needsLabels(features) ? [snapshot, labelSet] : [snapshot]
    ),
    'The run is of another model or split than the definition’s.': has(run, { ...one, ...whole, task }),
  };
  const other = Object.entries(asked).find(([, holds]) => !holds);
  if (other !== undefined)
    throw notAuthorized(other[0], { snapshot: snapshot._id, labelSet: labelSet._id, run: run._id });
}

/** By digests: steps are keyed by them, so that one record may have been made for another of the same content. */
function isMadeOf({ inputs }: Pick<Fact, 'inputs'>, facts: readonly Pick<Fact, 'digest'>[]): boolean {
  return inputs.length === facts.length && facts.every(({ digest }, at) => inputs[at]!.digest === digest);
}

/** What a step that fits features has where missing numbers are kept. A study's trials each take their own model's way. */
function missingIn(model: ModelDefinition, some: boolean): { readonly missing?: 'kept' | undefined } {
  if (some && 'study' in model) return {};
  return { missing: some && missingOf(kindOf(model as ModelSpec)) === 'kept' ? 'kept' : undefined };
}

/** Whether the step that made the record had these parameters; undefined: not this one. */
function has({ step }: Pick<Fact, 'step'>, wanted: Readonly<Record<string, unknown>>): boolean {
  const params = step?.params as Readonly<Record<string, unknown>> | undefined;
  if (params === undefined) return false;
  return Object.entries(wanted).every(([name, value]) => digestOf(params[name] ?? null) === digestOf(value ?? null));
}
