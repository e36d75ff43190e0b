/** An evaluation in lines that an approver reads. */
import type { EvaluationBody, Interval } from '../../domain/evaluation';
import { intervalWords } from '../../domain/intervals';
import type { VersionBody } from '../../domain/records';

export function evidenceOf(version: VersionBody, evaluation: EvaluationBody): string[] {
  const { evaluation: numbers, gates, period } = evaluation;
  const metrics = ['auc', 'logLoss'].filter((name) => numbers.candidate[name] !== undefined);
  return [
    `trained on ${count(version.trainRows)} rows before ${version.split.train.to.slice(0, 10)}, tested on ${count(numbers.rows)} rows of ${period.from.slice(0, 10)} to ${period.to.slice(0, 10)}`,
    ...(version.unlabelledRows + numbers.unlabelled === 0
      ? []
      : [
          `left out since they have no label: ${count(version.unlabelledRows)} training rows, ${count(numbers.unlabelled)} test rows`,
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

function interval(value: Interval | undefined): string {
  if (value === undefined) return '?';
  return `${value.estimate.toFixed(4)} (${intervalWords(value, 4)})`;
}

function count(rows: number): string {
  return rows.toLocaleString('en-US');
}
