/** An evaluation in lines that an approver reads. */
import type { Evaluation, EvaluationBody, Interval, Slice } from '../../domain/evaluation';
import { intervalWords } from '../../domain/intervals';
import type { RowRuleResult, SnapshotBody, VersionBody } from '../../domain/records';
import { filterWords, partOf, type RowFilter } from '../../domain/split';

export function evidenceOf(version: VersionBody, evaluation: EvaluationBody, snapshot: SnapshotBody): string[] {
  const { evaluation: numbers, gates, test } = evaluation;
  const metrics = ['auc', 'logLoss'].filter((name) => numbers.candidate[name] !== undefined);
  return [
    `trained on ${grouped(version.trainRows)} rows${ofRows(partOf(version.split, 'train'))}, tested on ${grouped(numbers.rows)} rows${ofRows(test)}`,
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
    ...calibration(evaluation),
    ...slices(numbers),
    ...quarantine(snapshot),
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
        `gate ${gate.gate}: ${gate.outcome} (${gate.bound}${gate.value === undefined ? '' : `, is ${gate.value.toFixed(4)}`}; ${gate.severity})`
    ),
  ];
}

/** ` before 2001-01-25`, ` of 2001-01-25 to 2001-02-01`, ` (20 % by hash of id, seed 1)` */
function ofRows(filter: RowFilter): string {
  const words = filterWords(filter);
  if (filter.hash !== undefined || filter.column !== undefined) return ` (${words})`;
  return filter.from === undefined ? ` ${words}` : ` of ${words}`;
}

function calibration({ evaluation: { candidate, rows, positives, meanScore } }: EvaluationBody): string[] {
  return [
    ...(candidate.calibrationError === undefined
      ? []
      : [
          `calibration error ${interval(candidate.calibrationError)} (mean distance of probability and rate over ten bins)`,
        ]),
    ...(rows === 0 ? [] : [`mean probability ${meanScore.toFixed(4)}, rate ${(positives / rows).toFixed(4)}`]),
  ];
}

/** The days, or other blocks, on which it is worst: beside the champion if there is one, else by log loss alone. */
function slices({ slices: days, blocksOf }: Evaluation): string[] {
  const loss = (day: Slice): number => day.logLoss - (day.championLogLoss ?? 0);
  return days
    .toSorted((a, b) => loss(b) - loss(a))
    .slice(0, WORST_DAYS)
    .map(
      ({ name, rows, rate, meanScore, logLoss, championLogLoss }, at) =>
        `${at === 0 ? `worst ${blocksOf}` : 'next worst'} of ${days.length}, ${name}: ${grouped(rows)} rows, rate ${rate.toFixed(4)}, mean probability ${meanScore.toFixed(4)}, log loss ${logLoss.toFixed(4)}${championLogLoss === undefined ? '' : `; champion ${championLogLoss.toFixed(4)}`}`
    );
}

const WORST_DAYS = 3;

/** How many rows were put aside, and by which rules; the rules are those of the newest batch. */
function quarantine({ account, batches, rows, validation }: SnapshotBody): string[] {
  const aside = account.quarantined;
  const newest = batches.at(-1)?.quarantined ?? 0;
  if (aside === 0) return ['no row was quarantined'];
  const rules = validation.filter(
    (result): result is RowRuleResult => 'checked' in result && result.severity === 'block' && result.broken > 0
  );
  return [
    `quarantined: ${grouped(aside)} of ${grouped(rows + aside)} rows, ${grouped(newest)} of them in the newest batch`,
    ...rules.map(
      ({ rule, broken, examples }) =>
        `quarantined by ${rule}: ${grouped(broken)} rows${examples.length === 0 ? '' : `, such as ${examples.slice(0, 3).join(', ')}`}`
    ),
  ];
}

/** Columns and categories that the newest batch brought: of private columns no values. */
function newInBatch({ validation }: SnapshotBody): string[] {
  return validation.flatMap((result) => {
    if ('checked' in result || !result.isNew) return [];
    // From the data: they must not become markup.
    const shown = result.found?.map((text) => `\`${text.replaceAll('`', "'")}\``);
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
