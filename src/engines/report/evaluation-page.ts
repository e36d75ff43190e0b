/** The page of an evaluation, made of records alone: what the gates say, metrics, charts, slices, and how it was trained. */
import { h, type JSX } from 'preact';
import type { Curves } from '../../domain/curves';
import type { Evaluation, EvaluationBody, GateResult, Slice } from '../../domain/evaluation';
import { failedGates } from '../../domain/gates';
import type { RunBody } from '../../domain/records';
import { filterWords } from '../../domain/split';
import { TASKS } from '../../domain/task';
import type { Chart } from './charts/chart';
import type { Drawn } from './charts/draw';
import { evaluationCharts } from './charts/evaluation-charts';
import { learningChart } from './charts/training-charts';
import { classTables } from './class-tables';
import { columnSections } from './column-sections';
import { confusionTable } from './confusion-table';
import { dataTable, number, type TableCell, text } from './data-table';
import { figures } from './figure';
import { labelTable } from './label-table';
import { intervalNote, metricsTable } from './metrics-table';
import { htmlPage, section } from './page';
import { parameterRows } from './parameter-rows';
import { type TrainedRun, trainedOn } from './trained-on';
import { count, foreign, moment, rounded } from './words';

export interface PagedEvaluation {
  readonly id: string;
  readonly body: EvaluationBody;
  readonly run: TrainedRun & Pick<RunBody, 'parameters' | 'epochs'>;
  /** `flights@2` */
  readonly version: string;
}

/** The same HTML for the same records and pictures. */
export function evaluationPage(paged: PagedEvaluation, drawn: Drawn): string {
  const { id, body, run, version } = paged;
  const { evaluation, gates, test } = body;
  const { chartsOfScores, chartsOfTraining } = chartsOf(paged);
  const all = Object.keys(evaluation.candidate);
  return htmlPage(`Evaluation of ${version}`, [
    h('h1', null, 'Evaluation of ', foreign(version)),
    h(
      'p',
      null,
      `${count(evaluation.rows)} rows (`,
      foreign(filterWords(test)),
      `)${test.knownBy === undefined ? '' : `, as known by ${moment(test.knownBy)}`}${evaluation.unlabelled === 0 ? '' : `; ${count(evaluation.unlabelled)} more have no label`}`
    ),
    h('p', { class: 'quiet id' }, 'evaluation ', foreign(id)),
    verdict(body),
    section(
      'metrics',
      'Metrics',
      metricsTable(
        evaluation,
        all.filter((name) => !name.includes(':'))
      ),
      h('p', { class: 'quiet' }, intervalNote(evaluation))
    ),
    gates.length === 0 ? null : section('gates', 'Gates', gatesTable(gates)),
    section('scores', 'Charts', figures(chartsOfScores, drawn), ...tablesOf(evaluation)),
    slicesSection(evaluation),
    ...columnSections(evaluation),
    section(
      'training',
      'Training',
      h('p', null, foreign(trainedOn(run), 1_000)),
      figures(chartsOfTraining, drawn),
      dataTable('Parameters', ['parameter', 'value'], parameterRows(run.parameters))
    ),
  ]);
}

/** All that the page has, in its order. */
export function chartsOf({ body, run }: Pick<PagedEvaluation, 'body' | 'run'>): {
  readonly chartsOfScores: readonly Chart[];
  readonly chartsOfTraining: readonly Chart[];
} {
  const learning = learningChart(run.epochs);
  return {
    chartsOfScores: evaluationCharts(body.evaluation),
    chartsOfTraining: learning === undefined ? [] : [learning],
  };
}

function verdict({ evaluation, gates, contaminated }: EvaluationBody): JSX.Element {
  const failed = failedGates(gates);
  const said =
    gates.length === 0
      ? h('span', null, 'No gate is declared.')
      : failed.length === 0
        ? h('span', { class: 'passed' }, 'No blocking gate failed.')
        : h(
            'span',
            { class: 'failed' },
            'Blocking gates failed: ',
            foreign(failed.map(({ gate }) => gate).join(', ')),
            '.'
          );
  return h(
    'div',
    null,
    h('p', { class: 'verdict' }, said),
    contaminated
      ? h(
          'p',
          { class: 'failed' },
          'Contaminated: a model was trained on some of these rows, so the numbers prove nothing.'
        )
      : null,
    evaluation.champion === undefined ? h('p', null, 'There is no champion to compare with.') : null
  );
}

function gatesTable(gates: readonly GateResult[]): JSX.Element {
  const rows = gates.map(({ gate, severity, outcome, value, bound }): readonly TableCell[] => [
    { content: foreign(gate) },
    { content: severity },
    { content: outcome, kind: gateKind(severity, outcome) },
    number(rounded(value)),
    text(foreign(bound)),
  ]);
  return dataTable('What each gate asks and found', ['gate', 'severity', 'outcome', 'value', 'asks'], rows);
}

function gateKind(severity: GateResult['severity'], outcome: GateResult['outcome']): NonNullable<TableCell['kind']> {
  if (!outcome.startsWith('failed')) return outcome === 'passed' ? 'passed' : 'text';
  return severity === 'advisory' ? 'warned' : 'failed';
}

function tablesOf(evaluation: Evaluation): readonly (JSX.Element | null)[] {
  const { candidate, champion } = evaluation.curves;
  switch (candidate.task) {
    case 'binary':
      return [confusionTable(candidate.confusion, of(champion, 'binary')?.confusion)];
    case 'classes':
      return classTables(evaluation, candidate);
    case 'labels':
      return [labelTable(evaluation, candidate)];
    case 'number':
      return [];
  }
}

function of<K extends Curves['task']>(curves: Curves | undefined, task: K): Extract<Curves, { task: K }> | undefined {
  return curves?.task === task ? (curves as Extract<Curves, { task: K }>) : undefined;
}

/** The chart has all of them. */
const MOST_SLICES = 30;

function slicesSection({ slices, blocksOf, task }: Evaluation): JSX.Element | null {
  if (slices.length === 0) return null;
  const { words } = TASKS[task];
  const hasChampion = slices.some(({ championLoss }) => championLoss !== undefined);
  const hasMeans = slices.some(({ meanTruth }) => meanTruth !== undefined);
  const above = ({ loss, championLoss = 0 }: Slice) => loss - championLoss;
  const worst = slices.toSorted((a, b) => above(b) - above(a)).slice(0, MOST_SLICES);
  const header = [
    blocksOf,
    'rows',
    ...(hasMeans ? [words.truth, words.prediction] : []),
    words.loss,
    ...(hasChampion ? ['champion’s', 'candidate − champion'] : []),
  ];
  const rows = worst.map((slice): readonly TableCell[] => [
    { content: foreign(slice.name) },
    number(count(slice.rows)),
    ...(hasMeans ? [number(rounded(slice.meanTruth)), number(rounded(slice.meanPrediction))] : []),
    number(rounded(slice.loss)),
    ...(hasChampion ? [number(rounded(slice.championLoss)), number(rounded(above(slice)))] : []),
  ]);
  const which = hasChampion ? 'those where the candidate is worst beside the champion' : 'those of the greatest loss';
  const said =
    slices.length > MOST_SLICES ? `${count(MOST_SLICES)} of ${count(slices.length)}, ${which}` : `All, ${which} first`;
  return section('slices', `Slices by ${blocksOf}`, dataTable(said, header, rows));
}
