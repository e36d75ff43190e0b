/** Metrics of the user's own, from the scores that an evaluation left in the folder. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Job } from '../../../domain/job';
import { type LoadRequest, loadColumns } from '../../../engines/tables/load';
import { asUsers, codeOf, type UsedCode } from './code';

export interface MeasureInput {
  readonly uses: readonly UsedCode[];
  readonly rows: LoadRequest;
  /** Files of scores in the job's folder, float32 little-endian. */
  readonly scores: readonly string[];
}

/** For each file of scores, each metric's value by its name. */
export type MeasureOutput = readonly Readonly<Record<string, number>>[];

/** @throws MlopsError as `loadColumns`, `codeOf` and `asUsers` do */
export const measureCode: Job<MeasureInput, MeasureOutput> = async ({ uses, rows, scores }, { folder, progress }) => {
  const { table, labels = new Float32Array() } = await loadColumns(rows, folder);
  const measured: Readonly<Record<string, number>>[] = [];
  for (const [index, file] of scores.entries()) {
    const values: [string, number][] = [];
    for (const use of uses) {
      const metric = await codeOf('metric', use);
      const scored = float32Of(await readFile(join(folder, file)));
      const value = await asUsers(use, async () => {
        const found: unknown = await metric.compute({
          scores: scored,
          width: scored.length / labels.length,
          labels,
          columns: table.columns,
          params: use.params,
        });
        if (typeof found === 'number' && Number.isFinite(found)) return found;
        throw new Error(`compute() returned ${String(found)}`);
      });
      values.push([use.name, value]);
      progress({ done: index, total: scores.length, note: use.name });
    }
    measured.push(Object.fromEntries(values));
  }
  return measured;
};

/** The file is little-endian, as its producer was: both run on the same machine. */
function float32Of(bytes: Buffer): Float32Array {
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
}
