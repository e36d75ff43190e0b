/** The job `judgeWindow`: a window's rows against what the model was approved with. Numbers only; triggers are the domain's. */
import { readFile } from 'node:fs/promises';
import type { Cluster, ColumnType, MonitoringDefinition, Objective, SchemaDefinition } from '../../domain/definition';
import type { Interval } from '../../domain/evaluation';
import type { Job } from '../../domain/job';
import type { WindowBody } from '../../domain/monitoring';
import type { Reference } from '../stats/reference';
import { driftOf } from '../stats/drift';
import type { Blocks } from '../stats/blocks';
import { clustersOf } from '../stats/clusters';
import { evaluateScores } from '../stats/evaluate';
import { biasOf } from '../stats/bias';
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
  /** What the baseline predicts; absent where the version has no evaluation: then no baseline is shown. */
  readonly trainRate?: number;
}

export type WindowNumbers = Pick<
  WindowBody,
  'rows' | 'truths' | 'dataQuality' | 'drift' | 'scoreDrift' | 'bias' | 'quality'
>;

/** @throws MlopsError MLOPS_LABEL_INVALID: a truth that is neither 0 nor 1 */
export const judgeWindowJob: Job<JudgeWindowInput, WindowNumbers> = async (input, context) => {
  const { schema, monitoring, objective, trainRate } = input;
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
  const blocks = clustersOf(window.known, cluster);
  const reference = input.reference === undefined ? undefined : await json<Reference>(input.reference);
  const drift = reference === undefined ? { features: [] } : driftOf(reference, window, { minRows, ...limits });
  return {
    rows: window.table.rows,
    truths: window.known.labels.length,
    dataQuality,
    drift: drift.features,
    ...('scores' in drift && drift.scores !== undefined ? { scoreDrift: drift.scores } : {}),
    bias: biasOf({ ...window.known, blocks }, { minRows, ...bias }),
    quality: qualityOf(window, blocks, objective, trainRate, bias.confidence),
  };
};

const EMPTY: WindowTable = {
  table: { rows: 0, columns: {} },
  scores: new Float32Array(),
  known: {
    eventTime: new BigInt64Array(),
    scores: new Float32Array(),
    labels: new Float32Array(),
    table: { rows: 0, columns: {} },
  },
};

/** Where requests don't carry the column that clusters are by, days are the nearest to them. */
function clusterAmong(inputs: JudgeWindowInput['inputs'], cluster: Cluster): Cluster {
  return typeof cluster === 'string' || cluster.column in inputs ? cluster : 'day';
}

/** Realised: on the rows whose truth is known; and the same rows' log loss minus that of the baseline. */
function qualityOf(
  { known }: WindowTable,
  blocks: Blocks,
  objective: Objective,
  trainRate: number | undefined,
  confidence: number
): Readonly<Record<string, Interval>> {
  if (known.labels.length === 0) return {};
  const { scores: candidate, labels } = known;
  const evaluation = evaluateScores({
    candidate,
    labels,
    blocks,
    trainRate,
    objective,
    confidence,
  });
  const metrics = {
    auc: evaluation.candidate.auc,
    logLoss: evaluation.candidate.logLoss,
    logLossAgainstBaseline: evaluation.againstBaseline.logLoss,
  };
  return Object.fromEntries(
    Object.entries(metrics).filter((entry): entry is [string, Interval] => entry[1] !== undefined)
  );
}

async function json<T>(path: string): Promise<T> {
  return JSON.parse(await readFile(path, 'utf8')) as T;
}
