/** What a list shows of each kind, for people. */
import { decidedDigest } from '../domain/approval';
import { driftWords } from '../domain/drift';
import { intervalWords } from '../domain/intervals';
import type { RecordKind, RecordOf } from '../records';
import { short } from './record-words';
import { type Cell, table } from './table';
import { recordName, versionLabel, eventLabel } from '../domain/ids';
import { headline, metricWords } from '../domain/evaluation';
import { filterWords, partOf } from '../domain/split';

interface Columns<R> {
  readonly header: readonly string[];
  readonly row: (record: R) => readonly Cell[];
}

type ListedKind = Exclude<RecordKind, 'prediction'>;

const COLUMNS: { readonly [K in ListedKind]: Columns<RecordOf<K>> } = {
  project: {
    header: ['project', 'cycles', 'last cycle', 'state', 'phase', 'outcome', 'champion', 'definition'],
    row: ({ _id, cycles, cycle, champion, definition }) => [
      _id,
      cycles,
      cycle?.cycle,
      cycle?.state,
      cycle?.phase,
      cycle?.outcome,
      champion,
      definition && short(definition),
    ],
  },
  definition: {
    header: ['project', 'digest', 'applied by', 'at'],
    row: ({ body, digest, made }) => [body.definition.name, digest, body.appliedBy, made.at],
  },
  cycle: {
    header: ['cycle', 'as of', 'state', 'phase', 'outcome', 'why', 'started', 'ended'],
    row: (cycle) => [
      cycle._id,
      cycle.asOf,
      cycle.state,
      cycle.phase,
      cycle.outcome,
      cycle.causes.map(({ detail }) => detail).join('; '),
      cycle.startedAt,
      cycle.endedAt,
    ],
  },
  snapshot: {
    header: ['snapshot', 'source', 'as of', 'rows', 'batches', 'shards', 'quarantined', 'made'],
    row: ({ _id, body, made }) => [
      short(_id),
      body.source,
      body.asOf,
      body.rows,
      body.batches.length,
      body.shards.length,
      body.account.quarantined,
      made.at,
    ],
  },
  report: {
    header: ['report', 'of', 'bytes', 'made'],
    row: ({ _id, body, artifacts, made }) => [
      short(_id),
      recordName(body.of.kind, body.of.id),
      artifacts[0]?.bytes,
      made.at,
    ],
  },
  labelSet: {
    header: ['label set', 'label', 'version', 'counts', 'snapshot', 'made'],
    row: ({ _id, body, made }) => [
      short(_id),
      body.label,
      body.labelVersion,
      Object.entries(body.counts)
        .map(([label, rows]) => `${label}: ${rows.toLocaleString('en-US')}`)
        .join(', '),
      short(body.snapshot.id),
      made.at,
    ],
  },
  featureSet: {
    header: ['feature set', 'train rows', 'dense', 'embeddings', 'made'],
    row: ({ _id, body, made }) => [short(_id), body.trainRows, body.denseWidth, body.embeddings.length, made.at],
  },
  run: {
    header: ['run', 'trainer', 'rows', 'epochs', 'last loss', 'seconds', 'model', 'made'],
    row: ({ _id, body, made }) => [
      short(_id),
      body.trainer,
      body.rows,
      body.epochs.length,
      body.epochs.at(-1)?.loss,
      Math.round(made.seconds * 10) / 10,
      short(body.model),
      made.at,
    ],
  },
  trial: {
    header: ['trial', 'loss', 'rows', 'failure', 'choices', 'run', 'made'],
    row: ({ _id, body, made }) => [
      _id,
      body.loss,
      body.rows,
      body.failure?.code,
      body.choices.map(({ space, value }) => `${space}: ${Number(value.toPrecision(4))}`).join(', '),
      body.run && short(body.run.id),
      made.at,
    ],
  },
  winner: {
    header: ['study', 'trials', 'ended by', 'best', 'loss', 'run', 'made'],
    row: ({ _id, body, made }) => [_id, body.trials, body.ended, body.number, body.loss, short(body.run.id), made.at],
  },
  version: {
    header: ['version', 'status', 'alias', 'cycle', 'trained on', 'rows', 'model', 'run', 'made'],
    row: ({ body, made, status, aliases }) => [
      versionLabel(body.project, body.number),
      status,
      aliases.join(', '),
      String(body.cycle),
      body.trainRows,
      body.origin.kind === 'import' ? `imported from ${body.origin.file}` : filterWords(partOf(body.split, 'train')),
      body.model.digest,
      short(body.run.id),
      made.at,
    ],
  },
  evaluation: {
    header: ['evaluation', 'run', 'champion', 'on', 'rows', 'metrics', 'gates'],
    row: ({ _id, body }) => [
      short(_id),
      short(body.run.id),
      body.championRun && short(body.championRun.id),
      filterWords(body.test),
      body.evaluation.rows,
      metricWords(headline(body.evaluation)),
      body.gates.map(({ gate, outcome }) => `${gate}: ${outcome}`).join(', '),
    ],
  },
  request: {
    header: ['request', 'about', 'state', 'opened', 'closed', 'because', 'digest'],
    row: (request) => [
      request._id,
      request.title,
      request.state,
      request.openedAt,
      request.closedAt,
      request.closedBecause,
      decidedDigest(request.subject),
    ],
  },
  decision: {
    header: ['decision', 'request', 'by', 'verdict', 'via', 'caller', 'comment', 'at'],
    row: ({ _id, body, made }) => [
      _id,
      body.request,
      body.by,
      body.verdict,
      body.via,
      body.callerIdentity,
      body.comment,
      made.at,
    ],
  },
  window: {
    header: ['window', 'version', 'rows', 'truths', 'bias', 'interval', 'verdict', 'data', 'drift', 'triggers'],
    row: ({ _id, body }) => [
      _id,
      body.version,
      body.rows,
      body.truths,
      body.bias.gap.estimate,
      intervalWords(body.bias.gap),
      body.bias.verdict,
      body.dataQuality.verdict,
      driftWords(body),
      body.triggers.map(({ on, outcome }) => `${on}: ${outcome}`).join(', '),
    ],
  },
  trigger: {
    header: ['trigger', 'on', 'outcome', 'cycle', 'as of', 'detail'],
    row: ({ _id, on, outcome, cycle, asOf, detail }) => [_id, on, outcome, cycle, asOf, detail],
  },
  endpoint: {
    header: ['endpoint', 'revision', 'champion', 'candidate', 'share', 'shadow', 'rollout', 'step', 'state'],
    row: ({ _id, revision, champion, candidate, rollout }) => [
      _id,
      revision,
      champion?.number,
      candidate?.number,
      candidate?.share,
      candidate?.shadow,
      rollout.id,
      rollout.stepName,
      rollout.state,
    ],
  },
  replica: {
    header: ['replica', 'address', 'live', 'revision', 'shipped to', 'reported', 'error'],
    row: ({ _id, address, live, revision, shippedTo, reportedAt, error }) => [
      _id,
      address,
      live,
      revision,
      shippedTo,
      reportedAt,
      error,
    ],
  },
  rollout: {
    header: ['rollout', 'kind', 'epoch', 'version', 'former', 'outcome', 'because', 'started', 'ended'],
    row: (rollout) => [
      rollout.workflowId,
      rollout.kind,
      rollout.epoch,
      rollout.served.number,
      rollout.former?.number,
      rollout.outcome ?? 'running',
      rollout.because,
      rollout.startedAt,
      rollout.endedAt,
    ],
  },
  audit: {
    header: ['event', 'at', 'what', 'by', 'detail'],
    row: ({ project, sequence, at, what, by, detail }) => [
      eventLabel(project, sequence),
      at,
      what,
      by,
      JSON.stringify(detail).slice(0, 160),
    ],
  },
  artifact: {
    header: ['artifact', 'state', 'bytes', 'touched'],
    row: ({ _id, state, bytes, touchedAt }) => [_id, state, bytes, touchedAt],
  },
};

export function listTable<K extends ListedKind>(kind: K, records: readonly RecordOf<K>[]): string {
  const { header, row } = COLUMNS[kind];
  return table(header, records.map(row));
}
