/** A predictor on a spool of its own, serving models of the flights' size. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PredictionRecord } from '../../src/domain/endpoint';
import { DEFAULT_LIMITS, type ServeLimits } from '../../src/serve/limits';
import type { ReadViews } from '../../src/serve/join-views';
import { type LoadedModel, loadModel } from '../../src/serve/loaded-model';
import { Predictor } from '../../src/serve/predictor';
import { Spool } from '../../src/serve/spool';
import { decodeEntry } from '../../src/serve/spool-entry';
import { flightsVersion } from './flights-model';

export interface Serving {
  readonly predictor: Predictor;
  readonly spool: Spool;
  readonly folder: string;
  readonly limits: ServeLimits;
  /** Everything on the spool. */
  records(): Promise<PredictionRecord[]>;
  close(): Promise<void>;
}

export function openServing(
  options: { folder?: string; limits?: Partial<ServeLimits>; spoolBytes?: number; readViews?: ReadViews } = {}
): Serving {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'mlops-serve-'));
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const spool = new Spool({ folder, maxBytes: options.spoolBytes ?? 1 << 24 });
  return {
    predictor: new Predictor({
      replica: 'r1',
      spool,
      limits,
      ...(options.readViews === undefined ? {} : { readViews: options.readViews }),
    }),
    spool,
    folder,
    limits,
    records: async () => {
      const lines = (await spool.next())?.lines ?? [];
      return lines.flatMap((line) => {
        const entry = decodeEntry(line);
        return entry !== undefined && 'predictions' in entry ? entry.predictions : [];
      });
    },
    close: async () => {
      spool.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export async function flightsModel(number: number, seed = number): Promise<LoadedModel> {
  const { version, bytes } = flightsVersion(number, seed);
  return loadModel(version, bytes);
}

/** Loads and warms up, and then fails at every request: a graph that can't take what callers send. */
export async function failingModel(number: number): Promise<LoadedModel> {
  const { version, bytes } = flightsVersion(number);
  const model = await loadModel(version, bytes);
  await model.close();
  return model;
}
