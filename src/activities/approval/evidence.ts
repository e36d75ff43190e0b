/** An evaluation in lines that an approver reads. */
import type { ColumnSlice, Evaluation, EvaluationBody, Interval, Slice } from '../../domain/evaluation';
import { intervalWords } from '../../domain/intervals';
import { versionLabel } from '../../domain/ids';
import type { RowRuleResult, SnapshotBody, VersionBody } from '../../domain/records';
import { filterWords, partOf, type RowFilter } from '../../domain/split';
import { TASKS } from '../../domain/task';
import { verbatim } from '../../domain/quote';

/** @param sources of a prepared or joined table: the snapshots that its rows were made of */
export function evidenceOf(
  version: VersionBody,
  evaluation: EvaluationBody,
  snapshot: SnapshotBody,
  sources: readonly SnapshotBody[] = []
): string[] {
  const { evaluation: numbers, gates, test } = evaluation;
  const page = `mlops report ${versionLabel(version.project, version.number)} --out page.html`;
  const metrics = TASKS[numbers.task].headline.filter((name) => numbers.candidate[name] !== undefined);
  return [
    `its page, with charts: \`${page}\``,
    `${madeOf(version)}, tested on ${grouped(numbers.rows)} rows${ofRows(test)}`,
    ...(version.unlabelledRows + numbers.unlabelled === 0
      ? []
      : [
          `left out since they have no label: ${grouped(version.unlabelledRows)} training rows, ${grouped(numbers.unlabelled)} test rows`,
        ]),
    ...metrics.map(
      (name) =>
        `${name} ${interval(numbers.candidate[name])}${numbers.champion?.[name] === undefined ? '' : `; champion ${interval(numbers.champion[name])}`}`
    ),
    ...metrics.flatMap((name) =>
      numbers.againstChampion?.[name] === undefined
        ? []
        : [`${name}, candidate − champion on the same rows: ${interval(numbers.againstChampion[name])}`]
    ),
    ...rowTests(numbers),
    ...calibration(evaluation),
    ...importance(numbers),
    ...slices(numbers),
    ...declaredSlices(numbers),
    ...worstSlices(numbers),
    ...quarantine([snapshot, ...sources]),
    ...newInBatch(snapshot),
    ...(version.tolerance.length === 0
      ? []
      : [`scores may differ within rounding by the batch they are computed in: ${version.tolerance.join(', ')}`]),
    ...(evaluation.contaminated
      ? ['**contaminated**: a model was trained on some of these rows, so the numbers prove nothing']
      : []),
    ...(numbers.champion === undefined ? ['there is no champion to compare with'] : []),
    ...gates.map(
      (gate) =>
        `gate ${gate.gate}: ${gate.outcome}${gate.slice === undefined ? '' : `, ${verbatim(gate.slice)}`} (${gate.bound}${gate.value === undefined ? '' : `, is ${gate.value.toFixed(4)}`}; ${gate.severity})`
    ),
  ];
}

function madeOf({ origin, trainRows, split }: VersionBody): string {
  if (origin.kind === 'run') return `trained on ${grouped(trainRows)} rows${ofRows(partOf(split, 'train'))}`;
  return `**imported** by ${origin.by} from ${verbatim(origin.file)}, ${origin.digest}: nothing here shows which rows it was trained on, so it may have seen the rows below`;
}

/** ` before 2001-01-25`, ` of 2001-01-25 to 2001-02-01`, ` (20 % by hash of id, seed 1)` */
function ofRows(filter: RowFilter): string {
  const words = filterWords(filter);
  if (filter.hash !== undefined || filter.column !== undefined) return ` (${words})`;
  return filter.from === undefined ? ` ${words}` : ` of ${words}`;
}

/** Beside the blocked intervals, for those who ask for them. */
function rowTests({ rowTests: tests }: Evaluation): string[] {
  const { deLong, mcNemar } = tests ?? {};
  const parts = [
    ...(deLong === undefined
      ? []
      : [`DeLong's of auc, ${deLong.difference.toFixed(4)} ± ${deLong.error.toFixed(4)}: p ${pWords(deLong.pValue)}`]),
    ...(mcNemar === undefined
      ? []
      : [
          `McNemar's, ${grouped(mcNemar.candidateAlone)} rows right by the candidate alone and ${grouped(mcNemar.championAlone)} by the champion alone: p ${pWords(mcNemar.pValue)}`,
        ]),
  ];
  return parts.length === 0 ? [] : [`candidate and champion as if rows were independent: ${parts.join('; ')}`];
}

function pWords(pValue: number): string {
  return pValue < 0.0001 ? '< 0.0001' : pValue.toFixed(4);
}

/** The columns that the loss depends on most. */
function importance({ task, importance: all = [] }: Evaluation): string[] {
  const shown = all.filter(({ increase }) => increase > 0).slice(0, SHOWN_COLUMNS);
  if (shown.length === 0) return [];
  const words = shown.map(({ column, increase }) => `${verbatim(column)} ${increase.toFixed(4)}`);
  return [`${TASKS[task].words.loss} grows most where values are shuffled of: ${words.join(', ')}`];
}

function calibration({ evaluation }: EvaluationBody): string[] {
  const { task, candidate, meanTruth, meanPrediction } = evaluation;
  const { prediction, truth } = TASKS[task].words;
  return [
    ...(candidate.calibrationError === undefined
      ? []
      : [
          `calibration error ${interval(candidate.calibrationError)} (mean distance of probability and rate over ten bins)`,
        ]),
    ...(meanTruth === undefined || meanPrediction === undefined
      ? []
      : [`${prediction} ${meanPrediction.toFixed(4)}, ${truth} ${meanTruth.toFixed(4)}`]),
    ...classLines(evaluation),
  ];
}

/** The most frequent classes, or labels, each with how well it is found. */
function classLines({ task, classes = [], candidate, rows }: Evaluation): string[] {
  const shown = classes.toSorted((a, b) => b.meanTruth - a.meanTruth).slice(0, SHOWN);
  const of = task === 'labels' ? 'label' : 'class';
  const lines = shown.map(({ name, meanTruth, meanPrediction }) => {
    const found = ['precision', 'recall', 'f1'].flatMap((metric) => {
      const measured = candidate[`${metric}:${name}`];
      return measured === undefined ? [] : [`, ${metric} ${measured.estimate.toFixed(4)}`];
    });
    const share = `rate ${meanTruth.toFixed(4)}, mean probability ${meanPrediction.toFixed(4)}`;
    return `${of} ${verbatim(name)}: ${grouped(Math.round(meanTruth * rows))} rows, ${share}${found.join('')}`;
  });
  const more = classes.length - shown.length;
  return more === 0 ? lines : [...lines, `and ${more} more ${task}`];
}

/** The days, or other blocks, on which it is worst: beside the champion if there is one, else by loss alone. */
function slices({ task, slices: days, blocksOf }: Evaluation): string[] {
  const { words } = TASKS[task];
  const above = (day: Slice): number => day.loss - (day.championLoss ?? 0);
  const meansOf = ({ meanTruth, meanPrediction }: Pick<Slice, 'meanTruth' | 'meanPrediction'>): string =>
    meanTruth === undefined || meanPrediction === undefined
      ? ''
      : `, ${words.truth} ${meanTruth.toFixed(4)}, ${words.prediction} ${meanPrediction.toFixed(4)}`;
  return days
    .toSorted((a, b) => above(b) - above(a))
    .slice(0, WORST_DAYS)
    .map(
      ({ name, rows, meanTruth, meanPrediction, loss, championLoss }, at) =>
        `${at === 0 ? `worst ${blocksOf}` : 'next worst'} of ${days.length}, ${name}: ${grouped(rows)} rows${meansOf({ meanTruth, meanPrediction })}, ${words.loss} ${loss.toFixed(4)}${championLoss === undefined ? '' : `; champion ${championLoss.toFixed(4)}`}`
    );
}

/** Values of the declared columns on which it is worst, as `slices`. */
function declaredSlices({ task, columnSlices = [] }: Evaluation): string[] {
  const { primary } = TASKS[task];
  const measured = columnSlices.filter(({ candidate }) => candidate?.[primary] !== undefined);
  const above = ({ candidate, againstChampion }: ColumnSlice): number =>
    (againstChampion?.[primary] ?? candidate![primary])!.estimate;
  return measured
    .toSorted((a, b) => above(b) - above(a))
    .slice(0, WORST_DAYS)
    .map(({ column, value, rows, candidate, champion }, at) => {
      const which = at === 0 ? `worst of ${measured.length} declared slices` : 'next worst';
      const other = champion?.[primary] === undefined ? '' : `; champion ${interval(champion[primary])}`;
      return `${which}, ${verbatim(column)} ${verbatim(value)}: ${grouped(rows)} rows, ${primary} ${interval(candidate![primary])}${other}`;
    });
}

/** What nobody declared. */
function worstSlices({ task, worstSlices: worst = [] }: Evaluation): string[] {
  const { words } = TASKS[task];
  return worst
    .slice(0, WORST_DAYS)
    .map(
      ({ column, value, rows, loss, others, pValue }) =>
        `${words.loss} is higher where ${verbatim(column)} is ${verbatim(value)}: ${loss.toFixed(4)} of ${grouped(rows)} rows, ${others.toFixed(4)} of the others; p ${pWords(pValue)}, corrected for all slices looked at`
    );
}

const WORST_DAYS = 3;
const SHOWN = 10;
const SHOWN_COLUMNS = 5;

/** How many rows were put aside of each source, and by which rules; the examples are those of the newest batch. */
function quarantine(snapshots: readonly SnapshotBody[]): string[] {
  const some = snapshots.filter(({ account }) => account.quarantined > 0);
  if (some.length === 0) return ['no row was quarantined'];
  return some.flatMap((snapshot) => {
    const { source, account, batches, rows } = snapshot;
    const from = snapshots.length === 1 ? '' : ` from ${source}`;
    const [aside, newest] = [account.quarantined, batches.at(-1)?.quarantined ?? 0];
    return [
      `quarantined${from}: ${grouped(aside)} of ${grouped(rows + aside)} rows, ${grouped(newest)} of them in the newest batch`,
      ...reasonsOf(snapshot).map((reason) => `quarantined${from} by ${reason}`),
    ];
  });
}

/** Of all batches, of rows that were corrected since, too; a row may break several rules. */
function reasonsOf({ batches, validation }: SnapshotBody): string[] {
  const byRule = new Map<string, number>();
  for (const { rule, rows } of batches.flatMap(({ reasons }) => reasons))
    byRule.set(rule, (byRule.get(rule) ?? 0) + rows);
  return [...byRule].map(([rule, rows]) => {
    const result = validation.find((one): one is RowRuleResult => 'checked' in one && one.rule === rule);
    const examples = result?.examples.slice(0, 3) ?? [];
    return `${rule}: ${grouped(rows)} rows${examples.length === 0 ? '' : `, such as ${examples.join(', ')}`}`;
  });
}

/** Columns and categories that the newest batch brought, the first few of each: of private columns no values. */
export function newInBatch({ validation }: Pick<SnapshotBody, 'validation'>): string[] {
  return validation.flatMap((result) => {
    if ('checked' in result || !result.isNew) return [];
    const shown = result.found?.slice(0, SHOWN).map(verbatim);
    const such = shown === undefined ? '' : `, such as ${shown.join(', ')}`;
    return [`expected ${result.rule}, the newest batch has ${grouped(result.observed ?? 0)}${such}`];
  });
}

function interval(value: Interval | undefined): string {
  if (value === undefined) return '?';
  return `${value.estimate.toFixed(4)} (${intervalWords(value, 4)})`;
}

function grouped(rows: number): string {
  return rows.toLocaleString('en-US');
}
