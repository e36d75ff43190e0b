/**
 * `npm run record-histories [-- scenario…]`: records the histories that replay.test.ts replays, on the running servers. By hand only, and
 * only when a change may break running workflows: recording anew gives up the guard that the old ones were.
 */
import { Client, Connection } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { lifecycleId, monitorId, phaseId, reproduceId, rollbackId, schemaRequestName } from '../../src/domain/ids';
import type { ReproduceInput } from '../../src/domain/reproduce';
import type { Replica } from '../../src/replica/run-replica';
import { readEnvironment } from '../../src/runtime/environment';
import { temporalConfig } from '../../src/runtime/temporal-config';
import { eventually } from '../support/eventually';
import { serveLateFlights } from '../support/late-flights';
import { quiet } from '../support/quiet';
import { startReplica } from '../support/replica';
import { writeSmallFlights } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';
import { raw } from '../support/raw-records';
import { Beside, Imported, Studied } from './record-further';
import { Recording } from './recording';

const IDENTITY = 'recorder';

async function main(): Promise<void> {
  quiet();
  const { connectionOptions, namespace = 'default' } = temporalConfig();
  const [connection, nativeConnection] = await Promise.all([
    Connection.connect(connectionOptions),
    NativeConnection.connect(connectionOptions),
  ]);
  const client = new Client({ connection, namespace, identity: IDENTITY });
  const system = await openSystem('recorded', readEnvironment(), { client, nativeConnection, identity: IDENTITY });
  try {
    await writeSmallFlights(system.folder, 1000);
    await system.startWorker({ dataFolder: system.folder });
    const asked = process.argv.slice(2);
    for (const [name, Scenario] of Object.entries(SCENARIOS))
      if (asked.length === 0 || asked.includes(name)) await new Scenario(system).record();
  } finally {
    await system.close();
    await Promise.all([connection.close(), nativeConnection.close()]);
  }
}

/** Nobody decides; later someone does, and a run that refuses answers. */
class Expiry extends Recording {
  constructor(system: TestSystem) {
    super(system, 'expiry');
  }

  async record(): Promise<void> {
    const { approval } = this.define();
    const lifecycle = lifecycleId(this.project);
    const approve = phaseId(this.project, 1, 'approve');
    await this.start(
      this.define({
        approval: { ...approval, deadline: { wall: '3 seconds' }, reminders: [{ wall: '1 second' }] },
      })
    );
    const first = await this.runOf(lifecycle);
    await this.cycle(1, 'waiting');
    const asking = await eventually('the request', () => this.runOf(approve).catch(() => undefined));
    await this.cycle(1, 'finished');
    await this.save('expired.approve', approve, asking);
    await this.save('expired.lifecycle', lifecycle, first);
    const digest = `sha256:${'0'.repeat(64)}`;
    await this.system.client.decide(`${this.project}/1`, { id: 'late', by: 'ana', verdict: 'approve', digest });
    await this.save('refusing.approve', approve);
    await this.system.client.pause(this.project, { id: 'pause', by: 'dan' });
    await this.save('paused.lifecycle', lifecycle);
    await this.system.client.stop(this.project, { id: 'stop', by: 'dan' });
    await this.save('stopped.lifecycle', lifecycle);
  }
}

/** Its labels are of one class, so training fails, until a definition is applied. */
class Failure extends Recording {
  constructor(system: TestSystem) {
    super(system, 'failure');
  }

  async record(): Promise<void> {
    const lifecycle = lifecycleId(this.project);
    await this.start(
      this.define({
        label: { name: 'late', version: 1, labeler: { rule: { column: 'delay', op: '>', value: 100_000 } } },
      })
    );
    const first = await this.runOf(lifecycle);
    await this.cycle(1, 'failed');
    await this.save('failed-phase.train', phaseId(this.project, 1, 'train'));
    await this.save('failed-phase.lifecycle', lifecycle);
    await this.system.client.signal(lifecycle, 'trigger', 'no trigger');
    await this.system.client.apply(this.define(), { id: 'apply', by: 'dan' });
    await this.cycle(1, 'finished');
    await this.save('applied.lifecycle', lifecycle, first);
    await this.decide(2, 'reject');
    await this.cycle(2, 'finished');
    await this.system.client.stop(this.project, { id: 'stop', by: 'dan' });
  }
}

/** Its second batch has a column that is new, about which people are asked. */
class Asked extends Recording {
  constructor(system: TestSystem) {
    super(system, 'asked');
  }

  async record(): Promise<void> {
    const file = 'asked.parquet';
    await writeSmallFlights(this.system.folder, 1000, file);
    const { source, schema } = this.define();
    const reader = { file: { path: file, format: 'parquet' } } as const;
    await this.start(this.define({ source: { ...source, reader }, schema: { ...schema, newColumns: 'ask' } }));
    await this.decide(1, 'reject');
    await this.cycle(1, 'finished');
    await writeSmallFlights(this.system.folder, 1000, file, ['1 AS tax']);
    await this.system.client.retrain(this.project, { id: 'more', by: 'cem', asOf: '2001-03-01T00:00:00Z' });
    await this.cycle(2, 'waiting');
    await this.save('asked.approve', phaseId(this.project, schemaRequestName(2), 'approve'));
    await this.save('asked.lifecycle', lifecycleId(this.project));
    await this.system.client.stop(this.project, { id: 'stop', by: 'dan' });
  }
}

/** Approved, deployed, watched, triggered by its windows, superseded, rolled back, and cancelled in mid-rollout. */
class Life extends Recording {
  constructor(system: TestSystem) {
    super(system, 'life');
  }

  async record(): Promise<void> {
    const replica = await startReplica(this.system, this.project);
    try {
      await this.#firstCycle();
      await this.#windows(replica);
      await this.#rollouts();
    } finally {
      await replica.close();
    }
  }

  async #firstCycle(): Promise<void> {
    const lifecycle = lifecycleId(this.project);
    await this.start(
      this.define({ triggers: [{ on: 'bias', breaches: 2, outOf: 3, coolDown: { event: '14 days' } }] })
    );
    const first = await this.runOf(lifecycle);
    await this.cycle(1, 'waiting');
    await this.save('waiting.approve', phaseId(this.project, 1, 'approve'));
    await this.save('waiting.lifecycle', lifecycle);
    await this.decide(1, 'approve');
    await this.cycle(1, 'finished');
    for (const phase of ['ingest', 'label', 'train', 'evaluate', 'approve', 'deploy'] as const)
      await this.save(`deployed.${phase}`, phaseId(this.project, 1, phase));
    await this.save('deployed.lifecycle', lifecycle, first);
    const again = reproduceId(this.project, 1, 'again');
    await this.system.client.temporal.workflow.execute('reproduce', {
      workflowId: again,
      taskQueue: this.system.taskQueue,
      args: [{ v: 1, project: this.project, version: 1 } satisfies ReproduceInput],
    });
    await this.save('again.reproduce', again);
    await this.save('idle.lifecycle', lifecycle);
  }

  async #windows(replica: Replica): Promise<void> {
    for (let day = 1; day <= 17; day += 1)
      await serveLateFlights(replica.address, this.project, `2001-02-${String(day).padStart(2, '0')}`);
    await this.cycle(2, 'waiting');
    await this.save('after-windows.monitor', monitorId(this.project));
  }

  async #rollouts(): Promise<void> {
    const { client } = this.system;
    const lifecycle = lifecycleId(this.project);
    const retrain = { id: 'again', by: 'cem', asOf: '2001-03-01T00:00:00Z', supersede: true };
    await client.retrain(this.project, retrain);
    await this.cycle(2, 'finished');
    await this.save('superseded.approve', phaseId(this.project, 2, 'approve'));
    await this.decide(3, 'approve');
    const deploy = phaseId(this.project, 3, 'deploy');
    await eventually('the shadow’s clock', async () => {
      const endpoint = await raw(this.system.stores).endpoints.findOne({ _id: this.project });
      return endpoint?.rollout.until === undefined ? undefined : true;
    });
    await this.save('mid-rollout.deploy', deploy);
    await this.save('mid-rollout.lifecycle', lifecycle);
    await client.rollback(this.project, { id: 'back', by: 'dan' });
    await this.cycle(3, 'finished');
    await this.save('superseded.deploy', deploy);
    await this.save('rollback.deploy', rollbackId(this.project, 'back'));
    await client.retrain(this.project, { ...retrain, id: 'once-more', asOf: '2001-03-08T00:00:00Z' });
    await this.decide(4, 'approve');
    await eventually('the next rollout', async () => {
      const endpoint = await raw(this.system.stores).endpoints.findOne({ _id: this.project });
      return endpoint?.rollout.id === phaseId(this.project, 4, 'deploy') ? true : undefined;
    });
    await this.handle(lifecycle).cancel();
    await this.cycle(4, 'finished');
    await this.save('cancelled.deploy', phaseId(this.project, 4, 'deploy'));
    await this.save('cancelled.lifecycle', lifecycle);
    await this.save('cancelled.monitor', monitorId(this.project));
  }
}

const SCENARIOS = {
  expiry: Expiry,
  failure: Failure,
  asked: Asked,
  life: Life,
  studied: Studied,
  imported: Imported,
  beside: Beside,
} as const;

void main();
