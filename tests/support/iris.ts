/** Flowers whose species is predicted, and models of them that other libraries made (tests/engines/onnx/adopt/make.py). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProjectDefinition } from '../../src/domain/definition';
import { defineProject } from '../../src/project/define-project';
import { packageRoot } from '../../src/runtime/package-root';

const MODELS = join(packageRoot(), 'tests/engines/onnx/adopt/models');
export const IRIS = join(MODELS, 'iris.csv');
export const MEASURED = ['sepal_length', 'sepal_width', 'petal_length', 'petal_width'] as const;
export const SPECIES = ['setosa', 'versicolor', 'virginica'] as const;
export const IRIS_AS_OF = '2026-03-01T00:00:00Z';

export const modelFile = (name: string): string => join(MODELS, `${name}.onnx`);
/** As MLflow saved it (tests/engines/onnx/adopt/make_mlflow.py). */
export const mlflowFolder = (name: string): string => join(MODELS, name);
export const parityFile = (name: string): string => join(MODELS, `${name}.json`);

/** Rows, and what the model's own library gives for them. */
export function ownScores(name: string): { readonly data: readonly number[][]; readonly scores: readonly number[][] } {
  return JSON.parse(readFileSync(parityFile(name), 'utf8')) as ReturnType<typeof ownScores>;
}

export function irisProject(name: string, file: string): ProjectDefinition {
  return defineProject({
    name,
    source: {
      reader: { file: { path: file } },
      columns: {
        flower: 'integer',
        sepal_length: 'number',
        sepal_width: 'number',
        petal_length: 'number',
        petal_width: 'number',
        species: 'string',
      },
      key: ['flower'],
    },
    objective: { task: 'classes', classes: [...SPECIES] },
    label: { name: 'species', labeler: { column: 'species' } },
    features: [{ transform: 'standardize', column: 'petal_width' }],
    model: { network: { hidden: [4], epochs: 4 } },
    split: { by: 'hash', test: 0.3, minTrainRows: 50, minTestRows: 20 },
    gates: [{ metric: 'logLoss', against: 'baseline', atMost: 0.5 }],
    approval: { approvers: ['ana', 'ben'] },
    // No traffic is needed for the next version to be rolled out.
    rollout: { steps: [{ name: 'full', share: 1, shadow: false, for: { event: '0 seconds' } }] },
    heartbeatWithin: { wall: '2 seconds' },
  });
}
