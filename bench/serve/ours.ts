/** Our server as users run it: a replica that keeps every record, on MongoDB and S3. Says its address, and ends on SIGTERM. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EndpointDocument } from '../../src/domain/endpoint';
import { runReplica } from '../../src/replica/run-replica';
import { storeConfig } from '../../src/stores/config';
import { connectStores } from '../../src/stores/connect';
import { ownEnvironment } from '../steps/own-stores';
import { benchModel } from './model';
import { raw } from '../../tests/support/raw-records';

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'mlops-bench-'));
  const config = storeConfig(ownEnvironment());
  const stores = await connectStores(config);
  const { bytes, version } = benchModel();
  const path = join(folder, 'model.onnx');
  writeFileSync(path, bytes);
  await stores.artifacts.put({ name: 'model', path, mediaType: 'application/onnx' });
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
      knownBy: '2001-02-01T00:00:00.000Z',
      withoutEventTime: 'now',
    },
    champion: version,
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

void main();
