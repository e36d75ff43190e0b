/** How each kind of record is laid out for people: what matters first. What has no layout of its own is shown as it is. */
import { decidedDigest } from '../domain/approval';
import { type ColumnSlice, headline, type Metrics } from '../domain/evaluation';
import { intervalWords } from '../domain/intervals';
import { type TaskKind, TASKS } from '../domain/task';
import type { Fact, RecordKind, RecordOf, Records } from '../records';
import { page, type Section } from './page';
import { versionLabel, recordName } from '../domain/ids';
import { filterWords, partOf } from '../domain/split';

type Layouts = { readonly [K in RecordKind]?: (record: RecordOf<K>, records: Records) => Promise<readonly Section[]> };

export async function recordPage<K extends RecordKind>(
  kind: K,
  record: RecordOf<K>,
  records: Records
): Promise<string> {
  const layout = LAYOUTS[kind] as ((record: RecordOf<K>, records: Records) => Promise<readonly Section[]>) | undefined;
  if (layout === undefined) return page([{ value: record }]);
  return page([...(await layout(record, records)), { heading: 'Cost', value: costOf(record) }]);
}

/** Of the step that made it; a record that no step made has none. */
function costOf(record: object): unknown {
  return ((record as Partial<Fact>).made?.cost ?? undefined) as unknown;
}

const ref = ({ kind, id }: { readonly kind: string; readonly id: string }): string => recordName(kind, id);

/** By the task's primary metric, with its interval. */
const sliceRow =
  (task: TaskKind) =>
  ({ column, value, rows, candidate, champion, againstChampion }: ColumnSlice) => {
    const { primary } = TASKS[task];
    const shown = (metrics: Metrics | undefined) =>
      metrics?.[primary] && `${metrics[primary].estimate.toFixed(4)} (${intervalWords(metrics[primary], 4)})`;
    const beside = champion === undefined ? {} : { champion: shown(champion), difference: shown(againstChampion) };
    return { column, value, rows, [primary]: shown(candidate), ...beside };
  };

const LAYOUTS: Layouts = {
  run: async ({ _id, body, step, inputs, artifacts, made }, records) => {
    const used = (kind: string) => inputs.find((input) => input.kind === kind)?.id ?? '';
    const [snapshot, labels, features] = await Promise.all([
      records.find('snapshot', used('snapshot')),
      records.find('labelSet', used('labelSet')),
      records.find('featureSet', used('featureSet')),
    ]);
    const { trainer, rows, baseline, numerics, model } = body;
    const { split, fold } = body;
    return [
      {
        value: {
          run: _id,
          trainer,
          model,
          rows,
          unlabelled: body.unlabelled,
          meanLabel: baseline.means.join(', '),
          numerics,
          made: made.at,
          seconds: made.seconds,
          by: made.by,
        },
      },
      { heading: 'Epochs', value: body.epochs },
      { heading: 'Parameters', value: body.parameters },
      {
        heading: 'Data',
        value: {
          train: filterWords(fold?.train ?? partOf(split, 'train')),
          test: filterWords(partOf(split, 'test')),
          knownBy: split.knownBy,
          snapshot:
            snapshot &&
            `${ref({ kind: 'snapshot', id: snapshot._id })}: ${snapshot.body.rows} rows of ${snapshot.body.source} as of ${snapshot.body.asOf}`,
          labels:
            labels && `${ref({ kind: 'labelSet', id: labels._id })}: ${labels.body.label} v${labels.body.labelVersion}`,
          features:
            features &&
            `${ref({ kind: 'featureSet', id: features._id })}: ${features.body.denseWidth} dense, ${features.body.embeddings.length} embeddings`,
        },
      },
      { heading: 'Environment', value: step?.environment },
      { heading: 'Code', value: step && { step: step.name, version: step.version } },
      { heading: 'Artifacts', value: artifacts },
    ];
  },

  version: async ({ _id, body, made, status, aliases }, records) => {
    const evaluations = (await records.list('evaluation', { project: body.project, limit: 1000 })).records;
    return [
      {
        value: {
          version: versionLabel(body.project, body.number),
          record: _id,
          status,
          alias: aliases.length === 0 ? undefined : aliases.join(', '),
          cycle: String(body.cycle),
          model: body.model.digest,
          bytes: body.model.bytes,
          ...madeOf(body),
          task: body.task.kind,
          decisionThreshold: 'decisionThreshold' in body.task ? body.task.decisionThreshold : undefined,
          classes: 'classes' in body.task ? body.task.classes.join(', ') : undefined,
          labels: 'labels' in body.task ? body.task.labels.join(', ') : undefined,
          determinism: body.signature.determinism,
          tolerance: body.tolerance.join(', ') || undefined,
          made: made.at,
        },
      },
      {
        heading: 'Made from',
        value: [body.run, body.features, body.labelSet, body.snapshot, body.definition].map(ref),
      },
      {
        heading: 'Inputs',
        value: body.signature.inputs.map(({ name, datatype, shape, column, required }) => ({
          input: name,
          datatype,
          shape: `[${shape.join(', ')}]`,
          column,
          required: required === true ? 'yes' : 'no',
        })),
      },
      {
        heading: 'Outputs',
        value: body.signature.outputs.map(({ name, datatype, shape }) => ({
          output: name,
          datatype,
          shape: `[${shape.join(', ')}]`,
        })),
      },
      {
        heading: 'Evaluations',
        value: evaluations
          .filter((evaluation) => evaluation.body.run.id === body.run.id)
          .map((evaluation) => ({
            evaluation: evaluation._id,
            on: filterWords(evaluation.body.test),
            rows: evaluation.body.evaluation.rows,
            ...headline(evaluation.body.evaluation),
          })),
      },
    ];
  },

  evaluation: async ({ _id, body, artifacts }) => {
    const { evaluation, test, contaminated } = body;
    const row =
      (of: string) =>
      ([metric, interval]: [string, { estimate: number; low: number; high: number; method: string }]) => ({
        of,
        metric,
        estimate: interval.estimate,
        low: interval.low,
        high: interval.high,
        interval: interval.method,
      });
    return [
      {
        value: {
          evaluation: _id,
          run: body.run.id,
          championRun: body.championRun?.id,
          on: filterWords(test),
          knownBy: test.knownBy,
          rows: evaluation.rows,
          unlabelled: evaluation.unlabelled,
          task: evaluation.task,
          meanTruth: evaluation.meanTruth,
          meanPrediction: evaluation.meanPrediction,
          contaminated,
        },
      },
      ...(evaluation.classes === undefined
        ? []
        : [{ heading: evaluation.task === 'labels' ? 'Labels' : 'Classes', value: evaluation.classes }]),
      ...(evaluation.importance === undefined ? [] : [{ heading: 'Importance', value: evaluation.importance }]),
      {
        heading: 'Metrics',
        value: [
          ...Object.entries(evaluation.candidate).map(row('candidate')),
          ...Object.entries(evaluation.champion ?? {}).map(row('champion')),
          ...Object.entries(evaluation.againstBaseline).map(row('candidate − baseline')),
          ...Object.entries(evaluation.againstChampion ?? {}).map(row('candidate − champion')),
        ],
      },
      { heading: 'Baseline', value: evaluation.baseline },
      { heading: 'Gates', value: body.gates },
      { heading: 'Slices', value: evaluation.slices },
      ...(evaluation.columnSlices === undefined
        ? []
        : [{ heading: 'Slices by columns', value: evaluation.columnSlices.map(sliceRow(evaluation.task)) }]),
      ...(evaluation.worstSlices === undefined
        ? []
        : [{ heading: 'Slices with a higher loss', value: evaluation.worstSlices }]),
      { heading: 'Artifacts', value: artifacts },
    ];
  },

  request: async (request) => {
    const { _id, title, state, subject, policy, openedAt, deadlineAt, closedAt, closedBecause, authors } = request;
    const approvers = policy.approvers.join(', ');
    const decide = `mlops decide ${_id} --approve --by <your name> --digest ${decidedDigest(subject)}`;
    return [
      { value: { request: _id, about: title, state, openedAt, deadlineAt, closedAt, closedBecause } },
      { heading: 'What is decided on', value: subject.digests },
      { heading: 'Why this cycle', value: request.causes.map(({ detail }) => detail) },
      { heading: 'Evidence', value: request.evidence },
      {
        heading: 'Who decides',
        value: {
          approvers,
          needed: policy.approversNeeded,
          within: policy.deadline.wall,
          authors: authors.join(', '),
        },
      },
      { heading: 'How', value: state === 'open' ? decide : undefined },
    ];
  },

  cycle: async (
    { _id, asOf, state, phase, outcome, failure, startedAt, endedAt, refs, causes, definition },
    records
  ) => [
    {
      value: {
        cycle: _id,
        asOf,
        state,
        phase,
        outcome,
        failure,
        startedAt,
        endedAt,
        definition: definition.digest,
      },
    },
    { heading: 'Why', value: causes },
    { heading: 'Made', value: Object.values(refs).map(ref) },
    { heading: 'Gates that failed', value: await gatesThatFailed(refs.evaluation?.id, records) },
  ],

  window: async ({ _id, body, made }) => {
    const { bias, dataQuality, drift, scoreDrift, quality, setAside, triggers, period, ...numbers } = body;
    return [
      { value: { window: _id, ...period, ...numbers, judged: made.at } },
      { heading: 'Bias', value: bias },
      { heading: `Data quality: ${dataQuality.verdict}`, value: dataQuality.rules },
      { heading: 'Drift', value: [...drift, ...(scoreDrift === undefined ? [] : [scoreDrift])] },
      { heading: 'Quality', value: Object.entries(quality).map(([metric, interval]) => ({ metric, ...interval })) },
      { heading: `Set aside: ${setAside?.records ?? 0} broken records`, value: setAside?.examples },
      { heading: 'Triggers', value: triggers },
    ];
  },

  prediction: async ({ endpoint, record, truths }) => [
    {
      value: {
        prediction: record._id,
        endpoint,
        eventTime: record.eventTime,
        version: record.version,
        route: record.route,
        score: record.score,
        decision: record.decision,
        control: record.control,
        synthetic: record.synthetic,
        replica: record.replica,
        revision: record.revision,
        receivedAt: record.receivedAt,
        shadow: record.shadow,
      },
    },
    { heading: 'Inputs', value: record.inputs },
    { heading: 'Truth', value: truths.map(({ revision, value, knownAt }) => ({ revision, value, knownAt })) },
  ],
};

async function gatesThatFailed(evaluation: string | undefined, records: Records): Promise<unknown> {
  if (evaluation === undefined) return undefined;
  const failed = (await records.find('evaluation', evaluation))?.body.gates.filter(({ outcome }) =>
    outcome.startsWith('failed')
  );
  return failed === undefined || failed.length === 0 ? undefined : failed;
}

/** What it was trained on, or where it was imported from. */
function madeOf({
  origin,
  trainRows,
  unlabelledRows,
  split,
}: Fact<'version'>['body']): Readonly<Record<string, unknown>> {
  if (origin.kind === 'import') return { importedFrom: origin.file, imported: origin.digest, importedBy: origin.by };
  return {
    trainedOn: trainRows,
    unlabelled: unlabelledRows,
    trainedOnRows: filterWords(partOf(split, 'train')),
  };
}
