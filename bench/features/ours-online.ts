/** Our endpoint with three feature views: a replica that joins, scores and records. Says its address, and ends on SIGTERM. Argument: entities. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EndpointDocument, ServedView } from '../../src/domain/endpoint';
import { runReplica } from '../../src/replica/run-replica';
import { storeConfig } from '../../src/stores/config';
import { connectStores } from '../../src/stores/connect';
import { type EntityValue, writeViewValues } from '../../src/stores/view-values';
import { raw } from '../../tests/support/raw-records';
import { benchModel } from '../serve/model';
import { ownEnvironment } from '../steps/own-stores';
import { entityName } from './tables';

const DAY_MS = 86_400_000;
const AIRPORTS = 228;
const BATCH = 1_000;

/** Each gives one input, of another type. */
const GIVEN: Readonly<Record<string, (entity: number) => EntityValue['values']>> = {
  distance: (entity) => ({ distance: 100.5 + (entity % 2_000) }),
  destination: (entity) => ({ destination: `A${String(entity % AIRPORTS).padStart(2, '0')}` }),
  date: (entity) => ({ date: 981_173_106_000_000 + entity }),
};

const views: readonly ServedView[] = Object.keys(GIVEN).map((given) => ({
  id: `bench/${given}/1`,
  name: given,
  entity: [{ name: 'origin', datatype: 'BYTES' }],
  gives: [given],
  ttlMs: 3_650 * DAY_MS,
  // So that a value that can't be read is seen.
  whenOld: 'refuse',
}));

async function main(entities: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'mlops-bench-'));
  const config = storeConfig(ownEnvironment());
  const stores = await connectStores(config);
  const { bytes, version } = benchModel();
  const path = join(folder, 'model.onnx');
  writeFileSync(path, bytes);
  await stores.artifacts.put({ name: 'model', path, mediaType: 'application/onnx' });
  const moment = (Date.now() - 60_000) * 1_000;
  for (const { id, name } of views) {
    const snapshot = { kind: 'snapshot', id: 'bench', digest: 'sha256:bench' } as const;
    const materialization = {
      ...{ _id: id, project: 'bench', name, snapshot, madeAt: new Date() },
      ...{
        definition: { kind: 'definition', id: 'bench', digest: 'sha256:bench' } as const,
        asOf: new Date().toISOString(),
      },
    };
    for (let from = 0; from < entities; from += BATCH) {
      const some = Array.from({ length: Math.min(BATCH, entities - from) }, (_, i) => from + i);
      const values = some.map((n) => ({ entity: [entityName(n)], moment, values: GIVEN[name]!(n) }));
      await writeViewValues(stores, materialization, values);
    }
  }
  const endpoint: EndpointDocument = {
    _id: 'bench',
    v: 1,
    project: 'bench',
    revision: 1,
    rollout: { id: 'bench', epoch: 1, step: 1, stepName: 'full', state: 'finished' },
    watch: {
      period: { every: '7 days' },
      allowedLatenessMs: 3_600_000,
      truthDelayMs: 604_800_000,
      truthCoverage: 0.95,
      knownBy: new Date().toISOString(),
      withoutEventTime: 'now',
    },
    champion: { ...version, views },
  };
  await raw(stores).endpoints.replaceOne({ _id: endpoint._id }, endpoint, { upsert: true });
  await stores.close();
  const replica = await runReplica({
    endpoint: 'bench',
    replica: 'bench',
    folder: join(folder, 'replica'),
    stores: config,
    release: 'bench',
    signal: async () => {},
    log: { info: () => {}, warn: warned, error: warned },
  });
  process.stdout.write(`${replica.address}\n`);
  process.once('SIGTERM', () => {
    void replica.close().finally(() => {
      rmSync(folder, { recursive: true, force: true });
      process.exit(0);
    });
  });
}

function warned(fields: object, message: string): void {
  process.stderr.write(`${message} ${JSON.stringify(fields)}\n`);
}

void main(Number(process.argv[2]));
