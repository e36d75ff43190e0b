/** The job `judgeWindow`: a window's rows against what the model was approved with. Numbers only; triggers are the domain's. */
import { readFile } from 'node:fs/promises';
import type { Cluster, ColumnType, MonitoringDefinition, Objective, SchemaDefinition } from '../../domain/definition';
import type { Interval } from '../../domain/evaluation';
import type { Job } from '../../domain/job';
import type { WindowBody } from '../../domain/monitoring';
import { emptyScores } from '../../domain/scores';
import { type Baseline, TASKS } from '../../domain/task';
import type { Reference } from '../stats/reference';
import { driftOf } from '../stats/drift';
import type { Blocks } from '../stats/blocks';
import { clustersOf } from '../stats/clusters';
import { evaluateScores } from '../stats/evaluate';
import { biasOf } from '../stats/bias';
import { statisticsOf } from '../stats/tasks/task';
import type { LearnedDependencies } from '../tables/dependencies';
import { withDatabase } from '../tables/duckdb';
import { dataQualityOf } from './data-quality';
import { windowRelation } from './window-relation';
import { readWindow, type WindowTable } from './window-table';

export interface JudgeWindowInput {
  /** File of rows, a JSON `WindowRow` a line, in the order of event time. Absent: no requests. */
  readonly rows?: string;
  /** File of the version's frozen reference; absent where it has none: then no drift is judged. */
  readonly reference?: string;
  /** File of the dependencies that its training rows taught. */
  readonly dependencies?: string;
  /** The model's inputs. */
  readonly inputs: Readonly<Record<string, ColumnType>>;
  readonly schema: SchemaDefinition;
  readonly monitoring: MonitoringDefinition;
  readonly objective: Objective;
  readonly cluster: Cluster;
  /** Of the version's training rows; absent where the version has no evaluation: then no baseline is shown. */
  readonly baseline?: Baseline;
}

export type WindowNumbers = Pick<
  WindowBody,
  'rows' | 'truths' | 'dataQuality' | 'drift' | 'scoreDrift' | 'bias' | 'quality'
>;

/** @throws MlopsError MLOPS_LABEL_INVALID: a truth that is not one of the task's */
export const judgeWindowJob: Job<JudgeWindowInput, WindowNumbers> = async (input, context) => {
  const { schema, monitoring, objective, baseline } = input;
  const cluster = input.rows === undefined ? 'row' : clusterAmong(input.inputs, input.cluster);
  const learned = input.dependencies === undefined ? undefined : await json<LearnedDependencies>(input.dependencies);
  const window =
    input.rows === undefined
      ? EMPTY
      : await readWindow(input.rows, input.inputs, typeof cluster === 'string' ? undefined : cluster.column, (rows) =>
          context.progress({ done: rows, total: rows, note: 'reading rows' })
        );
  const inputs = { relation: windowRelation(input.rows, input.inputs), inputs: input.inputs };
  const files = input.rows === undefined ? [] : [input.rows];
  const dataQuality = await withDatabase({ files, folder: context.folder }, (database) =>
    dataQualityOf(database, inputs, schema, learned)
  );
  const { minRows, bias, drift: limits } = monitoring;
  const task = statisticsOf(objective);
  const blocks = clustersOf(window.known, cluster, []);
  const reference = input.reference === undefined ? undefined : await json<Reference>(input.reference);
  const drift =
    reference === undefined
      ? { features: [] }
      : driftOf(reference, { table: window.table, scores: task.watched(window.scores) }, { minRows, ...limits });
  return {
    rows: window.table.rows,
    truths: window.known.labels.length,
    dataQuality,
    drift: drift.features,
    ...('scores' in drift && drift.scores !== undefined ? { scoreDrift: drift.scores } : {}),
    bias: biasOf(
      { ...window.known, blocks, target: task.target },
      { minRows, ...bias, floor: task.biasFloor(bias.floor, baseline) }
    ),
    quality: qualityOf(window, blocks, objective, baseline, bias.confidence),
  };
};

const EMPTY: WindowTable = {
  table: { rows: 0, columns: {} },
  scores: emptyScores(1, 0),
  known: {
    eventTime: new BigInt64Array(),
    scores: emptyScores(1, 0),
    labels: new Float32Array(),
    table: { rows: 0, columns: {} },
  },
};

/** Where requests don't carry the column that clusters are by, days are the nearest to them. */
function clusterAmong(inputs: JudgeWindowInput['inputs'], cluster: Cluster): Cluster {
  return typeof cluster === 'string' || cluster.column in inputs ? cluster : 'day';
}

/** Realised: the task's headline metrics on the rows whose truth is known; and the primary one's difference to the baseline there. */
function qualityOf(
  { known }: WindowTable,
  blocks: Blocks,
  objective: Objective,
  baseline: Baseline | undefined,
  confidence: number
): Readonly<Record<string, Interval>> {
  if (known.labels.length === 0) return {};
  const { scores: candidate, labels } = known;
  const evaluation = evaluateScores({ candidate, labels, blocks, baseline, objective, confidence });
  const { headline, primary } = TASKS[evaluation.task];
  const metrics: readonly (readonly [string, Interval | undefined])[] = [
    ...headline.map((name) => [name, evaluation.candidate[name]] as const),
    [`${primary}AgainstBaseline`, evaluation.againstBaseline[primary]],
  ];
  return Object.fromEntries(metrics.filter((entry): entry is [string, Interval] => entry[1] !== undefined));
}

async function json<T>(path: string): Promise<T> {
  return JSON.parse(await readFile(path, 'utf8')) as T;
}
