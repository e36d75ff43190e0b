import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { recordAsked } from '../../src/domain/approval';
import type { EvaluationBody } from '../../src/domain/evaluation';
import type { TestSystem } from './system';
import { raw } from './raw-records';

/** The evaluation that a version's request shows, and the score of each of its test rows, in a snapshot's order. */
export async function evaluatedScores(
  { stores, folder }: TestSystem,
  version: string
): Promise<{ evaluation: EvaluationBody; evidence: readonly string[]; scores: Float32Array }> {
  const request = await raw(stores).requests.findOne({ _id: version });
  const { body, artifacts } = await stores.facts.get(recordAsked(request!, 'evaluation')!);
  const path = join(folder, 'scores');
  await stores.artifacts.download(artifacts.find(({ name }) => name === 'scores')!.digest, path);
  const bytes = await readFile(path);
  return {
    evaluation: body,
    evidence: request!.evidence,
    scores: new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4),
  };
}
