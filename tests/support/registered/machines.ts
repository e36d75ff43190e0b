/** Every exchangeable part of a project as registered code: sensor readings of machines that fail when they are hot. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Labeler, Metric, Reader, RegisteredCode, Row, Trainer } from '../../../src/project/registry';
import { type Thermometer, thermometer } from '../thermometer';

/** 60 days of sensor readings. */
function readings(asOf: string): Row[] {
  const rows = Array.from({ length: 60 * 24 }, (_, hour) => {
    const celsius = 20 + ((hour * 7919) % 61) / 2;
    return { at: new Date(Date.UTC(2026, 0, 1, hour)), celsius, seconds_to_know: 60, broke: celsius > 35 ? 1 : 0 };
  });
  return rows.filter((row) => row.at.getTime() <= Date.parse(asOf));
}

const sensors: Reader = {
  version: '1',
  async *read({ asOf, params }) {
    const rows = readings(asOf);
    const size = typeof params.partRows === 'number' ? params.partRows : 500;
    for (let from = 0; from < rows.length; from += size) yield { rows: rows.slice(from, from + size) };
  },
};

const hot: Labeler = {
  version: '1',
  label: (rows, params) => rows.map((row) => ((row.celsius as number) > (params.above as number) ? 1 : 0)),
};

const thermostat: Trainer = {
  version: '1',
  async train({ rows, folder, params, progress }) {
    let seen = 0;
    for await (const batch of rows) seen += batch.rows.length;
    progress(1, 1, 'wrote the model');
    const { threshold = 35, ...shape } = params as Thermometer & { readonly threshold?: number };
    const model = thermometer(threshold, shape);
    await writeFile(join(folder, 'thermostat.onnx'), model);
    return { model: 'thermostat.onnx', epochs: [{ epoch: 1, rows: seen, loss: 0.1 }] };
  },
};

const shareHot: Metric = {
  version: '1',
  compute: ({ scores }) => scores.reduce((sum, score) => sum + Number(score > 0.5), 0) / scores.length,
};

export default {
  readers: { sensors },
  labelers: { hot },
  trainers: { thermostat },
  metrics: { shareHot },
} satisfies Partial<RegisteredCode>;
