/** A version's model card, from its records alone: sections of facts and tables, which Markdown and a page show alike. */
import type { Objective } from '../../../domain/definition';
import { gateLine } from '../../../domain/gates';
import { hasInterval, intervalWords } from '../../../domain/intervals';
import type { Evaluation } from '../../../domain/evaluation';
import { moment, rounded } from '../words';
import type { Fact, Origin } from '../../../domain/records';
import { filterWords, partOf } from '../../../domain/split';
import { TASKS } from '../../../domain/task';
import { flat } from '../parameter-rows';
import { trainedOn } from '../trained-on';
import { sliceRows } from './slice-rows';
import type { VersionRecords } from './version-records';

/** Texts are as people and data gave them: whoever shows them escapes them. */
export interface ModelCard {
  readonly title: string;
  readonly sections: readonly CardSection[];
}

export interface CardSection {
  readonly heading: string;
  readonly lines: readonly string[];
  readonly table?: { readonly header: readonly string[]; readonly rows: readonly (readonly string[])[] };
}

export interface CardOf extends VersionRecords {
  /** What was decided about the version, the oldest first. */
  readonly decisions: readonly Fact<'decision'>[];
  /** Such as `approved`, `live`. */
  readonly status: string;
}

export function modelCard(of: CardOf): ModelCard {
  return {
    title: `Model card: ${of.label}`,
    sections: [
      purpose(of),
      data(of),
      features(of),
      training(of),
      ...evaluated(of),
      limits(of),
      approvals(of),
      lineage(of),
    ],
  };
}

function purpose({ definition, label, status, version }: CardOf): CardSection {
  const { name, objective, cluster } = definition;
  const what = `It predicts ${definition.label.name} of rows of ${definition.source.name ?? name}`;
  const outputs = TASKS[objective.task].outputs.map((output) => output.name).join(' and ');
  return {
    heading: 'Purpose',
    lines: [
      `${label} is a model of the project ${name}; status: ${status}; ${version.body.origin.kind === 'import' ? 'imported' : 'trained'} in cycle ${String(version.body.cycle)}.`,
      `${what}: ${TASK_WORDS[objective.task]}. It answers with ${outputs}.`,
      ...decided(objective),
      `Rows of one ${typeof cluster === 'string' ? cluster : cluster.column} are taken for dependent on each other.`,
    ],
  };
}

const TASK_WORDS: Readonly<Record<Objective['task'], string>> = {
  binary: 'the probability that it is 1',
  number: 'a number in its unit',
  classes: 'a probability for each of its classes',
  labels: 'a probability for each of its labels, of which any may hold',
};

function decided(objective: Objective): string[] {
  switch (objective.task) {
    case 'binary':
      return [`From a probability of ${objective.decisionThreshold} on the decision is 1.`];
    case 'classes':
      return [`Classes: ${objective.classes.join(', ')}. The likeliest one is decided.`];
    case 'labels':
      return [
        `Labels: ${objective.labels.join(', ')}. From a probability of ${objective.decisionThreshold} on one is decided to hold.`,
      ];
    case 'number':
      return [];
  }
}

function data({ snapshot, labelSet, version }: CardOf): CardSection {
  const { source, asOf, rows, batches, account, privacy } = snapshot.body;
  const { label, labelVersion, counts } = labelSet.body;
  return {
    heading: 'Data',
    lines: [
      `${count(rows)} rows of ${source} as of ${moment(asOf)}: ${count(account.source)} rows of the source and ${count(account.gone)} that it no longer has, ${count(account.quarantined)} quarantined, ${count(account.replaced)} replaced, ${count(account.withdrawn)} withdrawn, ${count(account.notYetKnown)} not yet known.`,
      `Labels: ${label} v${labelVersion} (${Object.entries(counts)
        .map(([value, of]) => `${value}: ${count(of)}`)
        .join(', ')}); ${count(version.body.unlabelledRows)} training rows have none.`,
      ...(privacy.length === 0 ? [] : [`Private columns, whose values nothing shows: ${privacy.join(', ')}.`]),
    ],
    table: {
      header: ['batch as of', 'added', 'late', 'replaced', 'withdrawn', 'quarantined'],
      rows: batches.map((batch) => [
        moment(batch.asOf),
        ...[batch.added, batch.late, batch.replaced, batch.withdrawn, batch.quarantined].map(count),
      ]),
    },
  };
}

function features({ definition, features: { body }, version }: CardOf): CardSection {
  if (version.body.origin.kind === 'import')
    return {
      heading: 'Features',
      lines: ['The imported model reads columns itself; the features of the definition play no part.'],
    };
  if (definition.features.length === 0)
    return { heading: 'Features', lines: ['None are declared: the model reads columns itself.'] };
  return {
    heading: 'Features',
    lines: [
      `${definition.features.length} declared, fitted on ${count(body.trainRows)} training rows; ${count(body.denseWidth)} numbers and ${count(body.embeddings.length)} embeddings a row.`,
    ],
    table: {
      header: ['transform', 'options'],
      rows: definition.features.map((feature) => {
        const { transform, ...options } = feature;
        return [
          transform,
          flat(options)
            .map(([name, value]) => `${name} ${value}`)
            .join(', '),
        ];
      }),
    },
  };
}

function training({ run: { body, made, step }, version }: CardOf): CardSection {
  const last = body.epochs.at(-1);
  return {
    heading: 'Training',
    lines: [
      trainedOn(body),
      ...importedFrom(version.body.origin),
      `Made ${made.at.toISOString()} in ${rounded(made.seconds)} s.`,
      ...(last === undefined
        ? []
        : [
            `${count(body.epochs.length)} epochs or rounds, mean loss of the last ${rounded(last.loss)}${last.validationLoss === undefined ? '' : `, on validation rows ${rounded(last.validationLoss)}`}.`,
          ]),
      `Bits: ${body.numerics}. ${body.tolerance.length === 0 ? "A row's score doesn't depend on its batch." : `A row's score may depend on its batch, within rounding: ${body.tolerance.join(', ')}.`}`,
    ],
    table: {
      header: ['parameter', 'value'],
      rows: [...flat(body.parameters), ...flat(step?.environment ?? {}, 'environment')],
    },
  };
}

function importedFrom(origin: Origin): string[] {
  return origin.kind === 'run' ? [] : [`${origin.by} imported it from ${origin.file}, ${origin.digest}.`];
}

function evaluated({ evaluation: fact }: CardOf): readonly CardSection[] {
  if (fact === undefined) return [{ heading: 'Evaluation', lines: ['It was not evaluated.'] }];
  const { evaluation, gates, test, contaminated } = fact.body;
  return [
    {
      heading: 'Evaluation',
      lines: [
        `On ${count(evaluation.rows)} rows (${filterWords(test)}); ${count(evaluation.unlabelled)} more have no label. Intervals by blocks of ${evaluation.blocksOf}.`,
        ...(contaminated
          ? ['Contaminated: a model was trained on some of these rows, so the numbers prove nothing.']
          : []),
        ...gates.map((gate) => `Gate ${gateLine(gate)} (${gate.severity})`),
      ],
      table: metricsOf(evaluation),
    },
    slices(evaluation),
  ];
}

function metricsOf({ candidate, champion, baseline }: Evaluation): NonNullable<CardSection['table']> {
  const words = (metrics: Evaluation['candidate'] | undefined, name: string): string => {
    const interval = metrics?.[name];
    if (interval === undefined) return '';
    return `${rounded(interval.estimate)}${hasInterval(interval) ? ` (${intervalWords(interval, 4)})` : ''}`;
  };
  return {
    header: ['metric', 'model', 'baseline', ...(champion === undefined ? [] : ['champion'])],
    rows: Object.keys(candidate).map((name) => [
      name,
      words(candidate, name),
      rounded(baseline[name]),
      ...(champion === undefined ? [] : [words(champion, name)]),
    ]),
  };
}

const MOST_SLICES = 15;

function slices(evaluation: Evaluation): CardSection {
  const all = [...sliceRows(evaluation)].sort(([, a], [, b]) => b.loss - a.loss);
  return {
    heading: 'Slices',
    lines: [
      all.length === 0
        ? 'There are none: each row is a block of its own, and no column is declared.'
        : `The worst ${Math.min(MOST_SLICES, all.length)} of ${count(all.length)}, by ${TASKS[evaluation.task].words.loss}.`,
    ],
    ...(all.length === 0
      ? {}
      : {
          table: {
            header: ['slice', 'rows', 'loss'],
            rows: all.slice(0, MOST_SLICES).map(([name, { rows, loss }]) => [name, count(rows), rounded(loss)]),
          },
        }),
  };
}

function limits({ evaluation, snapshot, version, definition }: CardOf): CardSection {
  const { split } = version.body;
  const worst = evaluation?.body.evaluation.worstSlices ?? [];
  const lines = [
    `It knows rows of ${definition.source.name ?? definition.name} as they were by ${moment(snapshot.body.asOf)}; of later ones monitoring reports drift, bias and quality.`,
    `It was tested on ${filterWords(partOf(split, 'test'))} alone.`,
    ...(evaluation?.body.championRun === undefined ? ['It was compared with no champion.'] : []),
    ...worst
      .slice(0, 3)
      .map(({ column, value, rows }) => `Its loss is higher where ${column} is ${value} (${count(rows)} rows).`),
  ];
  return { heading: 'Limits', lines };
}

function approvals({ decisions }: CardOf): CardSection {
  if (decisions.length === 0) return { heading: 'Approvals', lines: ['Nobody has decided on it.'] };
  return {
    heading: 'Approvals',
    lines: [],
    table: {
      header: ['person', 'verdict', 'when', 'digest', 'comment'],
      rows: decisions.map(({ body, made }) => [
        body.by,
        body.verdict,
        made.at.toISOString(),
        body.digest,
        body.comment ?? '',
      ]),
    },
  };
}

function lineage({ version, run, features: featureSet, labelSet, snapshot, evaluation }: CardOf): CardSection {
  const { body } = version;
  return {
    heading: 'Lineage',
    lines: ['mlops lineage follows each of these; mlops reproduce makes the model again from them.'],
    table: {
      header: ['record', 'digest'],
      rows: [
        ['model', body.model.digest],
        ['definition', body.definition.digest],
        ['snapshot', snapshot.digest],
        ['labels', labelSet.digest],
        ['features', featureSet.digest],
        ['run', run.digest],
        ['version', version.digest],
        ...(evaluation === undefined ? [] : [['evaluation', evaluation.digest]]),
      ],
    },
  };
}

function count(value: number): string {
  return value.toLocaleString('en-US');
}
