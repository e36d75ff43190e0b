/** The page of a study, made of records alone: what it chose, every trial, and what its parameters say. */
import { h, type JSX } from 'preact';
import type { StudySpec } from '../../../domain/definition';
import type { TrialBody, WinnerBody } from '../../../domain/study/study-records';
import { spacesOf } from '../../../domain/study/space';
import { choicesOf } from '../../../domain/study/trial';
import { TASKS, type TaskKind } from '../../../domain/task';
import type { Chart } from '../charts/chart';
import type { Drawn } from '../charts/draw';
import { studyCharts } from '../charts/study-charts';
import { dataTable, number, type TableCell, text } from '../data-table';
import { figures } from '../figure';
import { htmlPage, section } from '../page';
import { parameterRows } from '../parameter-rows';
import { count, foreign, rounded } from '../words';

export interface PagedStudy {
  /** `machines/1/0a1b2c3d4e5f` */
  readonly id: string;
  readonly spec: StudySpec;
  readonly task: TaskKind;
  /** In the order of their numbers. */
  readonly trials: readonly TrialBody[];
  /** Absent while it runs. */
  readonly winner?: Pick<WinnerBody, 'trials' | 'ended' | 'number' | 'loss' | 'run'> | undefined;
}

/** A page of more would not be read. */
const MOST_LISTED = 500;

/** The same HTML for the same records and pictures. */
export function studyPage(paged: PagedStudy, drawn: Drawn): string {
  const { id, trials, winner } = paged;
  const charts = studyChartsOf(paged);
  const best = trials.find((trial) => trial.number === winner?.number);
  return htmlPage(`Study ${id}`, [
    h('h1', null, 'Study ', foreign(id)),
    h('p', null, summary(paged)),
    h('p', { class: 'verdict' }, outcome(paged)),
    best === undefined ? null : bestSection(best, winner!),
    charts.length === 0 ? null : section('charts', 'Charts', figures(charts, drawn)),
    section('trials', 'Trials', ...trialsTables(paged)),
  ]);
}

export function studyChartsOf({ trials, spec, task }: PagedStudy): readonly Chart[] {
  const charted = trials.map(({ choices, ...trial }) => ({ ...trial, choices: choicesOf(choices) }));
  return studyCharts({ trials: charted, spaces: spacesOf(spec.of), loss: TASKS[task].words.loss });
}

function summary({ trials, spec, task }: PagedStudy): string {
  const failed = trials.filter(({ failure }) => failure !== undefined).length;
  const stopped = trials.filter((trial) => trial.stopped).length;
  const judged =
    spec.folds === undefined ? 'the validation rows' : `${spec.folds} folds of the training rows, the mean`;
  return [
    `${count(trials.length)} trials ended, chosen by ${spec.sampler}, seed ${spec.seed}, ${spec.parallelism} at once`,
    `judged by their ${TASKS[task].words.loss} on ${judged}`,
    `${count(failed)} failed`,
    ...(spec.rungs === undefined ? [] : [`${count(stopped)} ended at a rung`]),
  ].join('; ');
}

const ENDS = { trials: 'all trials were run', time: 'its time was over', stopped: 'a person stopped it' } as const;

function outcome({ winner, trials, spec: { trials: asked } }: PagedStudy): string {
  if (winner === undefined) {
    if (trials.some(({ failure }) => failure === undefined))
      return `It has not chosen yet: these are the trials that ended so far, of ${count(asked)}.`;
    // A study that a person stopped has fewer: no record says whether more will come.
    return `All ${count(trials.length)} trials that ended have failed, of ${count(asked)}: there is none to choose.`;
  }
  return `The best of ${count(winner.trials)} is trial ${winner.number}, loss ${rounded(winner.loss)}; ${ENDS[winner.ended]}.`;
}

function bestSection({ model, folds = [] }: TrialBody, { run }: Pick<WinnerBody, 'run'>): JSX.Element {
  const rows = folds.map(({ loss, rows: judged }, at) => [
    { content: String(at + 1) },
    number(rounded(loss)),
    number(count(judged)),
  ]);
  return section(
    'best',
    'The best trial',
    h('p', { class: 'quiet id' }, 'run ', foreign(run.id)),
    dataTable('Its model', ['parameter', 'value'], parameterRows({ ...model })),
    folds.length === 0 ? null : dataTable('Its folds', ['fold', 'loss', 'rows'], rows)
  );
}

function trialsTables({ trials, winner }: PagedStudy): JSX.Element[] {
  const listed = trials.slice(0, MOST_LISTED);
  const rows = listed.map(({ number: at, loss, failure, stopped, rungs = [], choices }): readonly TableCell[] => [
    {
      content: at === winner?.number ? `${at}, the best` : String(at),
      ...(at === winner?.number ? { kind: 'passed' } : {}),
    },
    number(rounded(loss)),
    text(
      foreign(choices.map(({ space, value }) => `${space || 'of'}: ${Number(value.toPrecision(4))}`).join(', '), 1000)
    ),
    failure !== undefined
      ? { content: failure.code, kind: 'failed' }
      : { content: stopped ? `epoch ${rungs.at(-1)?.epochs ?? ''}` : '' },
  ]);
  const caption =
    listed.length === trials.length ? 'All trials' : `The first ${count(listed.length)} of ${count(trials.length)}`;
  const table = dataTable(caption, ['trial', 'loss', 'chose', 'ended'], rows);
  const failures = trials.flatMap(({ failure }) => failure ?? []);
  const codes = [...new Set(failures.map(({ code }) => code))];
  if (codes.length === 0) return [table];
  const byCode = codes.map((code): readonly TableCell[] => {
    const met = failures.filter((failure) => failure.code === code);
    return [{ content: code }, number(count(met.length)), text(foreign(met[0]!.reason, 300))];
  });
  return [table, dataTable('Failures', ['code', 'trials', 'the first'], byCode)];
}
