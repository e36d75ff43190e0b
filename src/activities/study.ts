/**
 * Studies: each trial chooses a model by what earlier trials came to, trains it, and records its loss on the validation rows. A trial
 * is a function of the cycle, its data and its number: whoever asks for it gets the same one, and one on record is never run again.
 */
import { getClient } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { ModelSpec, ProjectDefinition, StudySpec } from '../domain/definition';
import { errorCodeOf, MlopsError } from '../domain/errors';
import { cycleRecordId, phaseId, studyWorkflowId, trialId } from '../domain/ids';
import { type ExtendStudyMessage, MESSAGES, type OperatorAnswer, type OperatorMessage } from '../domain/messages';
import { malformedOperatorMessage } from '../domain/operator-messages';
import type { StudyWinner } from '../domain/phases';
import type { Fact } from '../domain/records';
import type { TrialBody } from '../domain/study/study-records';
import type { Digest, Ref } from '../domain/refs';
import { partOf, splitAt } from '../domain/split';
import { kindOf, missingOf } from '../domain/study/models';
import { goesOn, type Rung, rungsOf } from '../domain/study/rungs';
import {
  type Choice,
  choicesOf,
  isOwnFailure,
  listedChoices,
  modelOf,
  MOST_TRIALS,
  type Trial,
  type TrialFailure,
  type TrialOutcome,
} from '../domain/study/trial';
import type { ValidateJobInput, ValidateJobOutput } from '../engines/study/validate-job';
import { suggest } from '../engines/study/suggest';
import { crashPoint } from '../runtime/crash-points';
import { factDigest } from '../stores/fact-digest';
import { definitionOf } from './definitions';
import { type Caller, notAuthorized } from './caller';
import type { ActivityDeps } from './deps';
import { findUpdate, requireChild } from './history';
import { localCopies } from './step/artifact-cache';
import { inAttemptFolder } from './step/attempt-folder';
import { forgetCheckpoint } from './step/checkpoints';
import { costing } from './step/cost';
import { runWithHeartbeat } from './step/compute-job';
import { artifactNamed, labelledRequest } from './step/inputs';
import { runStep, stepKey } from './step/step';
import { decideStudy, type Ended, endedUpTo, requireOpenCycle, specOf, type Study, studyIdOf } from './study-records';
import { fitStep, trainStep } from './train';

export interface RunTrial extends Study {
  /** From 1. */
  readonly number: number;
}

export interface DecideStudy extends Study, Ended {}

export interface RecordStudyMessage extends Pick<Study, 'project' | 'cycle'> {
  /** In the calling study's history. */
  readonly updateId: string;
  readonly answer: OperatorAnswer;
}

/** @throws MlopsError MLOPS_NOT_AUTHORIZED: the caller is not the study that the cycle's training started */
function requireStudy({ project, cycle }: Pick<Study, 'project' | 'cycle'>): Promise<Caller> {
  return requireChild(studyWorkflowId(project, cycle), phaseId(project, cycle, 'train'));
}

export function studyActivities(deps: ActivityDeps) {
  return {
    /** @throws MlopsError MLOPS_RECORD_MISSING: a trial that this one must see has not ended; MLOPS_NOT_AUTHORIZED */
    async mlopsTrial({ number, ...study }: RunTrial): Promise<Trial> {
      const stores = await deps.stores();
      await requireOpenCycle(stores, study);
      const id = studyIdOf(study);
      const there = await stores.facts.find('trial', trialId(id, number));
      if (there !== null) return trialOf(there);
      const defined = await definitionOf(stores, study.definition);
      const spec = specOf(defined);
      if (!Number.isInteger(number) || number < 1 || number > MOST_TRIALS) throw noSuchTrial(id, number);
      // Those that ended since, in whatever order, change nothing of it.
      const seen = (await endedUpTo(stores, id, Math.max(0, number - spec.parallelism))).map(({ body }) => body);
      const choices = chosen(spec, number, seen);
      const model = modelOf(spec, choicesOf(choices));
      const startedAt = Date.now();
      return costing(async (cost) => {
        const judged = await trained(deps, study, { defined, spec, model, seen });
        crashPoint('trial:judged');
        const body: TrialBody = { study: id, number, choices, model, ...judged };
        const { definition, snapshot, labelSet } = study;
        const { features, run, stopped, rungRuns = [] } = body;
        const runs = run === undefined || stopped ? rungRuns : [...rungRuns, run];
        const { fact } = await stores.facts.commit<'trial'>(
          {
            _id: trialId(id, number),
            kind: 'trial',
            digest: factDigest('trial', { body, artifacts: [] }),
            inputs: [definition, snapshot, labelSet, features, ...runs],
            artifacts: [],
            body,
          },
          { startedAt, cost: cost(0) }
        );
        crashPoint('trial:recorded');
        return trialOf(fact);
      });
    },

    /** For the cycle's own study: the workflow that its training started. @throws MlopsError as `decideStudy` does; MLOPS_NOT_AUTHORIZED */
    async mlopsDecideStudy({ trials, ended, ...study }: DecideStudy): Promise<StudyWinner> {
      await requireStudy(study);
      const { number, loss, features, run } = (await decideStudy(await deps.stores(), study, { trials, ended })).body;
      return { number, loss, features, run };
    },

    /** What a person asked of a study that runs, as its history shows it, and what it was answered. */
    async mlopsRecordStudyMessage({ project, cycle, updateId, answer }: RecordStudyMessage): Promise<void> {
      const caller = await requireStudy({ project, cycle });
      const sent = await findUpdate(getClient(), caller, updateId);
      if (sent === undefined || malformedOperatorMessage(sent.name, sent.message) !== undefined)
        throw notAuthorized('The history of the study shows no such update.', { ...caller, updateId });
      const { id, by, comment, trials } = sent.message as OperatorMessage & Partial<ExtendStudyMessage>;
      const { audit } = await deps.stores();
      await audit.record({
        id: `study ${cycleRecordId(project, cycle)} ${sent.name} ${by} ${id}`,
        project,
        what: sent.name === MESSAGES.stopStudy ? 'study stopped' : 'study extended',
        by,
        detail: {
          cycle: cycleRecordId(project, cycle),
          answer,
          callerIdentity: sent.callerIdentity,
          ...(trials === undefined ? {} : { trials }),
          ...(comment === undefined ? {} : { comment }),
        },
      });
    },
  };
}

/** By the trials that it may see, and by no other. */
function chosen(
  { of: template, sampler, seed }: StudySpec,
  number: number,
  seen: readonly TrialBody[]
): readonly Choice[] {
  const trials = seen.map(({ number: before, choices, loss, stopped, rungs }) => ({
    number: before,
    choices: choicesOf(choices),
    ...(loss === undefined ? {} : { loss }),
    ...(stopped === undefined ? {} : { stoppedAfter: rungs!.at(-1)!.epochs }),
  }));
  return listedChoices(suggest({ template, sampler, seed, number, trials }).choices);
}

type Judged = Pick<TrialBody, 'rows' | 'run' | 'stopped'> & TrialOutcome;
type Trained = Judged & Pick<TrialBody, 'features' | 'rungs' | 'rungRuns'>;

interface Training {
  readonly defined: ProjectDefinition;
  readonly spec: StudySpec;
  readonly model: ModelSpec;
  /** The trials that this one is compared with at its rungs. */
  readonly seen: readonly TrialBody[];
}

/** Each step is found where it was made before, for whichever trial, study or project. */
async function trained(deps: ActivityDeps, study: Study, { defined, spec, model, seen }: Training): Promise<Trained> {
  const { definition, snapshot, labelSet, asOf } = study;
  const data = { definition, snapshot, labelSet, asOf };
  const fit = await fitStep(deps, { ...data, missing: missingOf(kindOf(model)) });
  const features = await runStep(deps, fit.request, fit.run);
  const rungs: Rung[] = [];
  const rungRuns: Ref<'run'>[] = [];
  const keys: Digest[] = [];
  /** Up to so many epochs, from where the rung before ended. */
  const judged = async (epochs?: number) => {
    const budget = { model, from: rungRuns.at(-1), ...(epochs === undefined ? {} : { epochs }) };
    const { request, run: train } = await trainStep(deps, { ...data, features }, budget);
    keys.push(stepKey(request));
    const run = await runStep(deps, request, train);
    const { loss, rows } = await validated(deps, defined, { ...data, run });
    if (loss === undefined) throw undefinedLoss();
    return { loss, rows, run };
  };
  const outcome = async (): Promise<Judged> => {
    try {
      for (const epochs of rungsOf(spec.rungs, model)) {
        const { run, ...at } = await judged(epochs);
        const rung = { epochs, loss: at.loss };
        rungs.push(rung);
        rungRuns.push(run);
        crashPoint('trial:rung-judged');
        if (!goesOn(rung, seen, spec.rungs!.eta)) return { ...at, run, stopped: true };
      }
      return await judged();
    } catch (error) {
      const failure = ownFailure(error);
      if (failure === undefined) throw error;
      return { failure };
    }
  };
  const ended = await outcome();
  // Not where it goes on at another attempt.
  for (const key of keys) await forgetCheckpoint(await deps.stores(), key);
  return { ...ended, features, ...(rungs.length === 0 ? {} : { rungs, rungRuns }) };
}

/** Undefined where the trial is tried again, or where every trial would fail like this. */
function ownFailure(error: unknown): TrialFailure | undefined {
  const givenUp = error instanceof ApplicationFailure && error.nonRetryable === true;
  const code = givenUp ? error.type : errorCodeOf(error);
  if (!isOwnFailure(code, givenUp)) return undefined;
  return { code, reason: (error as Error).message.slice(0, LONGEST_REASON) };
}

const LONGEST_REASON = 2_000;

function noSuchTrial(study: string, number: number): MlopsError {
  const what = 'A study has no trial of this number.';
  return new MlopsError(
    'MLOPS_RECORD_MISSING',
    what,
    { study, number, most: MOST_TRIALS },
    'Ask for one of 1 to most.'
  );
}

interface Validate extends Pick<Study, 'snapshot' | 'labelSet' | 'asOf'> {
  readonly run: Ref<'run'>;
}

async function validated(
  deps: ActivityDeps,
  defined: ProjectDefinition,
  { snapshot, labelSet, asOf, run }: Validate
): Promise<ValidateJobOutput> {
  const stores = await deps.stores();
  const where = partOf(splitAt(defined, asOf), 'validation');
  if (where === undefined) throw noValidation(defined.name);
  const [data, labels, made] = await Promise.all([
    stores.facts.get(snapshot),
    stores.facts.get(labelSet),
    stores.facts.get(run),
  ]);
  const [model] = (await localCopies(deps, stores, [artifactNamed(made, 'model')])) as [string];
  const { objective, split } = defined;
  const rows = await labelledRequest(deps, stores, data, labels, where);
  const input: ValidateJobInput = { ...rows, model, objective, minRows: split.minTestRows };
  return inAttemptFolder(deps.workFolder, run.digest.slice(7, 19), (folder) =>
    runWithHeartbeat<ValidateJobInput, ValidateJobOutput>(deps, 'validate', input, { folder })
  );
}

/** The check of definitions refuses it before. */
function noValidation(project: string): MlopsError {
  const what = 'The split sets no validation rows aside, and a study compares its trials by them.';
  return new MlopsError('MLOPS_DEFINITION_INVALID', what, { project }, 'Give the split a validation part.');
}

function undefinedLoss(): MlopsError {
  const what = 'The loss is undefined on the validation rows.';
  return new MlopsError('MLOPS_MODEL_INVALID', what, {}, 'Look at the validation rows’ labels.');
}

function trialOf({ body: { number, choices, rungs, stopped, loss, failure } }: Fact<'trial'>): Trial {
  const way = {
    number,
    choices,
    ...(rungs === undefined ? {} : { rungs }),
    ...(stopped === undefined ? {} : { stopped }),
  };
  return failure === undefined ? { ...way, loss: loss! } : { ...way, failure };
}
