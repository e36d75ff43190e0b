/** What is recorded beside the lifecycle's own phases: a study, an import, feature views, housekeeping, what schedules and notices start. */
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProjectDefinition } from '../../src/domain/definition';
import { housekeepingId, lifecycleId, materializeId, noticeId, phaseId, studyWorkflowId } from '../../src/domain/ids';
import { defineProject, type ProjectInput } from '../../src/project/define-project';
import type { SendTrigger } from '../../src/workflows/send-trigger';
import { IRIS, IRIS_AS_OF, irisProject, MEASURED, modelFile } from '../support/iris';
import type { TestSystem } from '../support/system';
import { FEBRUARY, Recording } from './recording';

/** A study that is given more trials while it runs, then stopped, and the notice of the request that follows. */
export class Studied extends Recording {
  constructor(system: TestSystem) {
    super(system, 'studied');
  }

  async record(): Promise<void> {
    const trees = { rounds: { int: [5, 20] }, depth: { int: [2, 3] }, learningRate: { log: [0.05, 0.5] } };
    const searched = { study: { of: { trees }, trials: 3, parallelism: 2, seed: 4 } };
    const changes = {
      model: searched,
      features: [{ transform: 'impute', column: 'distance', with: 'median' }],
      split: { by: 'time', testPeriods: 1, validationPeriods: 2, minTrainRows: 100, minTestRows: 50 },
    };
    await this.start(defineProject({ ...this.define(), ...changes } as ProjectInput));
    const study = studyWorkflowId(this.project, 1);
    const { client } = this.system;
    const accepted = await this.once(study, () =>
      client.extendStudy(this.project, 1, { id: 'more', by: 'cem', trials: 100 })
    );
    if (accepted.outcome === 'refused') throw new Error(accepted.reason);
    await client.stopStudy(this.project, 1, { id: 'enough', by: 'cem' });
    await this.cycle(1, 'waiting');
    await this.save('stopped.study', study);
    await this.save('studied.train', phaseId(this.project, 1, 'train'));
    const asked = phaseId(this.project, 1, 'approve');
    await this.save('told.deliver-notice', noticeId(asked, 'approval-requested'));
    await client.stop(this.project, { id: 'stop', by: 'dan' });
  }
}

/** A model that somebody made elsewhere, in a cycle of its own. */
export class Imported extends Recording {
  constructor(system: TestSystem) {
    super(system, 'imported');
  }

  override define(): ProjectDefinition {
    return irisProject(this.project, join(this.system.folder, 'iris.csv'));
  }

  async record(): Promise<void> {
    const { client, stores, folder } = this.system;
    await copyFile(IRIS, join(folder, 'iris.csv'));
    await this.start(this.define(), IRIS_AS_OF);
    await this.decide(1, 'reject');
    await this.cycle(1, 'finished');
    const path = modelFile('sklearn-classes');
    const { digest, bytes } = await stores.artifacts.put({
      ...{ name: 'imported', path, mediaType: 'application/octet-stream' },
    });
    await client.importModel(this.project, {
      ...{ id: 'forest', by: 'ana', asOf: IRIS_AS_OF },
      model: { model: { digest, bytes }, file: 'forest.onnx', columns: MEASURED },
    });
    await this.cycle(2, 'waiting');
    await this.save('imported.train', phaseId(this.project, 2, 'train'));
    await this.save('imported.evaluate', phaseId(this.project, 2, 'evaluate'));
    await this.save('imported.lifecycle', lifecycleId(this.project));
    await client.stop(this.project, { id: 'stop', by: 'dan' });
  }
}

/** What runs beside cycles: feature views for endpoints, a schedule's trigger, housekeeping. */
export class Beside extends Recording {
  constructor(system: TestSystem) {
    super(system, 'beside');
  }

  override define(): ProjectDefinition {
    const { source, ...rest } = super.define();
    return {
      ...rest,
      sources: { flights: { ...source, name: 'flights' } },
      views: {
        lately: {
          ...{ from: 'flights', entity: ['origin'], clock: 'knownAt', window: { event: '5 days' } },
          ...{ ttl: { event: '10 days' }, values: { flown: 'count(*)' }, whenOld: 'missing' },
        },
      },
      source: {
        ...source,
        name: 'joined-flights',
        reader: { join: { rows: 'flights', views: ['lately'] } },
        columns: { ...source.columns, flown: { type: 'integer' } },
      },
    } as ProjectDefinition;
  }

  async record(): Promise<void> {
    const { client, taskQueue } = this.system;
    await this.start(this.define());
    await this.decide(1, 'reject');
    await this.cycle(1, 'finished');
    const materialize = materializeId(this.project, 'recorded');
    await client.temporal.workflow.execute('materialize', {
      ...{ taskQueue, workflowId: materialize },
      args: [{ v: 1, project: this.project, asOf: FEBRUARY }],
    });
    await this.save('views.materialize', materialize);
    const scheduled = `${lifecycleId(this.project)}/schedule-recorded`;
    const trigger: SendTrigger = { v: 1, project: this.project, kind: 'schedule', asOf: FEBRUARY };
    await client.temporal.workflow.execute('sendTrigger', { taskQueue, workflowId: scheduled, args: [trigger] });
    await this.save('scheduled.send-trigger', scheduled);
    const cleaned = housekeepingId(this.project);
    await client.temporal.workflow.execute('housekeeping', { taskQueue, workflowId: cleaned, args: [{ v: 1 }] });
    await this.save('cleaned.housekeeping', cleaned);
    await client.stop(this.project, { id: 'stop', by: 'dan' });
  }
}
