/**
 * Studies: each trial chooses a model by what earlier trials came to, trains it, and records its loss on the validation rows, or over
 * folds. A trial is a function of the cycle, its data and its number: whoever asks for it gets the same one, and one on record is never
 * run again.
 */
import { getClient } from '@temporalio/activity';
import type { ModelSpec, StudySpec } from '../domain/definition';
import { MlopsError } from '../domain/errors';
import { cycleRecordId, phaseId, studyWorkflowId, trialId } from '../domain/ids';
import { type ExtendStudyMessage, MESSAGES, type OperatorAnswer, type OperatorMessage } from '../domain/messages';
import { malformedOperatorMessage } from '../domain/operator-messages';
import type { StudyWinner } from '../domain/phases';
import type { Fact } from '../domain/records';
import type { Ref } from '../domain/refs';
import type { TrialBody } from '../domain/study/study-records';
import { type Choice, choicesOf, listedChoices, modelOf, MOST_TRIALS, type Trial } from '../domain/study/trial';
import { suggest } from '../engines/study/suggest';
import { crashPoint } from '../runtime/crash-points';
import { factDigest } from '../stores/fact-digest';
import { definitionOf } from './definitions';
import { type Caller, notAuthorized } from './caller';
import type { ActivityDeps } from './deps';
import { findUpdate, requireChild } from './history';
import { costing } from './step/cost';
import { decideStudy, type Ended, endedUpTo, requireOpenCycle, specOf, type Study, studyIdOf } from './study-records';
import { trainTrial, trainWhole } from './study-training';

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
        const judged = await trainTrial(deps, study, { defined, spec, model, seen });
        crashPoint('trial:judged');
        const body: TrialBody = { study: id, number, choices, model, ...judged };
        const { fact } = await stores.facts.commit<'trial'>(
          {
            _id: trialId(id, number),
            kind: 'trial',
            digest: factDigest('trial', { body, artifacts: [] }),
            inputs: madeFrom(study, body),
            artifacts: [],
            body,
          },
          { startedAt, cost: cost(0) }
        );
        crashPoint('trial:recorded');
        return trialOf(fact);
      });
    },

    /**
     * For the cycle's own study: the workflow that its training started. Where trials were judged over folds, it trains the best one's model on
     * all training rows. @throws MlopsError as `decideStudy` and training do; MLOPS_NOT_AUTHORIZED
     */
    async mlopsDecideStudy({ trials, ended, ...study }: DecideStudy): Promise<StudyWinner> {
      await requireStudy(study);
      const whole = (model: ModelSpec) => trainWhole(deps, study, model);
      const decided = await decideStudy(await deps.stores(), study, { trials, ended }, whole);
      const { number, loss, features, run } = decided.body;
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

function madeFrom({ definition, snapshot, labelSet }: Study, trial: TrialBody): Ref[] {
  const { features, run, stopped, rungRuns = [], folds = [] } = trial;
  const runs = run === undefined || stopped ? rungRuns : [...rungRuns, run];
  const ofFolds = folds.flatMap((fold) => [fold.features, fold.run]);
  return [definition, snapshot, labelSet, ...(features === undefined ? [] : [features]), ...runs, ...ofFolds];
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

function noSuchTrial(study: string, number: number): MlopsError {
  const what = 'A study has no trial of this number.';
  return new MlopsError(
    'MLOPS_RECORD_MISSING',
    what,
    { study, number, most: MOST_TRIALS },
    'Ask for one of 1 to most.'
  );
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
