/** Labels a snapshot: by a rule, or by a registered labeler. */
import { join } from 'node:path';
import type { LabelDefinition, RegisteredUse } from '../domain/definition';
import type { LabelSetBody } from '../domain/records';
import type { Ref } from '../domain/refs';
import { BETWEEN_LABELS, type Target, targetOf, taskOf } from '../domain/task';
import { nodeOf } from '../stores/facts';
import type { BuiltInLabeler, LabelInput, LabelOutput } from '../engines/tables/label';
import { numericEnvironment, runWithHeartbeat } from './step/compute-job';
import { definitionOf } from './definitions';
import type { ActivityDeps } from './deps';
import { shardsOf } from './step/inputs';
import { labelRegistered } from './registered/labeler';
import { codeVersion, registered } from './registered/user-code';
import { runStep, type Step } from './step/step';
import { stepVersion } from './step/step-version';

export interface Label {
  readonly definition: Ref<'definition'>;
  readonly snapshot: Ref<'snapshot'>;
}

export function labelActivities(deps: ActivityDeps) {
  return {
    async mlopsLabel(label: Label): Promise<Ref<'labelSet'>> {
      const { request, run } = await labelStep(deps, label);
      return runStep(deps, request, run);
    },
  };
}

export async function labelStep(deps: ActivityDeps, { definition, snapshot }: Label): Promise<Step<'labelSet'>> {
  const { label, objective } = await definitionOf(await deps.stores(), definition);
  const task = targetOf(taskOf(objective));
  const { labeler } = label;
  const code = 'registered' in labeler ? await registered(deps, 'labeler', labeler.registered) : undefined;
  const request = {
    kind: 'labelSet',
    name: 'label',
    version: code === undefined ? stepVersion('label') : codeVersion(code),
    params: { label, task },
    inputs: [snapshot],
    environment: numericEnvironment(),
  } as const;
  const run: Step<'labelSet'>['run'] = async ({ key, stores, folder }) => {
    const data = await stores.facts.get(snapshot);
    const { columns, eventTime } = data.body;
    const ordered = eventTime === undefined ? {} : { eventTime };
    const shards = await shardsOf(deps, stores, data);
    const output =
      'registered' in labeler
        ? await labelRegistered(deps, labeler, { shards, folder, columns, task, ...ordered })
        : await runWithHeartbeat<LabelInput, LabelOutput>(
            deps,
            'label',
            {
              shards,
              labeler: labelerOf(labeler, task),
              columns,
            },
            { folder }
          );
    const named = output.shards.map((shard, index) => ({
      ...shard,
      name: `labels-${data.body.shards[index]!.name}`,
    }));
    return {
      files: named.map((shard) => ({
        name: shard.name,
        path: join(folder, shard.file),
        mediaType: 'application/vnd.apache.parquet',
      })),
      body: (artifacts): LabelSetBody => ({
        label: label.name,
        labelVersion: label.version,
        snapshot,
        shards: named.map(({ name, rows }) => ({ name, digest: artifacts.get(name)!.digest, rows })),
        counts: output.counts,
      }),
      edges: [{ from: nodeOf({ kind: 'labelSet', id: key }), relation: 'labeled', to: nodeOf(snapshot) }],
    };
  };
  return { request, run };
}

/** With what its column's values are of. */
function labelerOf(labeler: Exclude<LabelDefinition['labeler'], RegisteredUse>, task: Target): BuiltInLabeler {
  if (!('column' in labeler)) return labeler;
  const { column, separator = BETWEEN_LABELS } = labeler;
  if (typeof task === 'string') return { column };
  return 'labels' in task ? { column, separator, ...task } : { column, ...task };
}
