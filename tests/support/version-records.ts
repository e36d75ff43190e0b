/** Two versions of one project as their records are: the second with other parameters, a further feature and more rows. */
import type { Evaluation } from '../../src/domain/evaluation';
import type { Fact, FactBodies } from '../../src/domain/records';
import type { FactKind, Ref } from '../../src/domain/refs';
import type { VersionRecords } from '../../src/engines/report/versions/version-records';
import { digestOf } from '../../src/runtime/digest';
import { flights } from '../workflows/endpoint-worker';
import { binaryEvaluation, pagedEvaluation } from './evaluated';
import { snapshotBody } from './snapshot-body';

export function fact<K extends FactKind>(
  kind: K,
  id: string,
  body: FactBodies[K],
  more: Partial<Fact<K>> = {}
): Fact<K> {
  return {
    _id: id,
    v: 1,
    kind,
    digest: digestOf([kind, id]),
    inputs: [],
    artifacts: [],
    body,
    record: digestOf(body),
    made: { at: new Date('2024-03-01T12:00:00Z'), seconds: 12.5, by: 'worker' },
    ...more,
  };
}

const ref = <K extends FactKind>({ kind, _id, digest }: Fact<K>): Ref<K> => ({ kind, id: _id, digest });

export function versionRecords(number: 1 | 2, evaluation: Evaluation = binaryEvaluation(number === 2)): VersionRecords {
  const second = number === 2;
  const paged = pagedEvaluation(evaluation);
  const base = flights('flights');
  const definition = second
    ? { ...base, features: [...base.features, { transform: 'standardize', column: 'delay' } as const] }
    : base;
  const snapshot = fact('snapshot', `snapshot ${number}`, snapshotBody(second ? { rows: 1_200 } : {}));
  const labelSet = fact('labelSet', `labels ${number}`, {
    label: 'late',
    labelVersion: 1,
    snapshot: ref(snapshot),
    shards: [],
    counts: { '0': 700, '1': 290 },
  });
  const parts = { train: 800, validation: 0, test: 190, none: 0 };
  const features = fact('featureSet', `features ${number}`, {
    split: paged.run.split,
    parts,
    trainRows: 800,
    denseWidth: second ? 5 : 4,
    embeddings: [],
  });
  const parameters = { ...paged.run.parameters, ...(second ? { learningRate: 0.01 } : {}) };
  const model = { name: 'model', digest: digestOf(['model', number]), bytes: 10_000, mediaType: 'application/onnx' };
  const run = fact(
    'run',
    `run ${number}`,
    {
      ...paged.run,
      parameters,
      model: model.digest,
      baseline: { means: [0.3], deviations: [0.4] },
      tolerance: [],
      numerics: 'exact',
    },
    { step: { name: 'train', version: digestOf(['code', number]), params: {} } }
  );
  const version = fact('version', `flights/${number}`, {
    project: 'flights',
    number,
    cycle: number,
    run: ref(run),
    features: ref(features),
    snapshot: ref(snapshot),
    labelSet: ref(labelSet),
    definition: { kind: 'definition', id: 'flights/definition', digest: digestOf(definition) },
    model,
    split: paged.run.split,
    trainRows: 800,
    unlabelledRows: 12,
    tolerance: [],
    task: { kind: 'binary', decisionThreshold: 0.5 },
    origin: { kind: 'run' },
    signature: { inputs: [], outputs: [], determinism: 'exact' },
  });
  const rows = [{ kind: 'snapshot', id: 'tested', digest: digestOf('tested') }] as const;
  const championRun = second ? { championRun: ref(versionRecords(1).run) } : {};
  const evaluated = fact(
    'evaluation',
    `evaluation ${number}`,
    { ...paged.body, run: ref(run), ...championRun },
    { inputs: rows }
  );
  return { label: `flights@${number}`, version, run, features, labelSet, snapshot, definition, evaluation: evaluated };
}
