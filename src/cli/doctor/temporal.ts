/** Temporal itself: its version, our search attributes, who polls our queues. */
import type { MlopsClient } from '../../client';
import { COMPUTE_SUFFIX, LIGHT_SUFFIX } from '../../domain/queues';
import { SEARCH_ATTRIBUTES } from '../../domain/search-attributes';
import { isTemporalTooOld, LEAST_TEMPORAL } from '../../domain/temporal-version';
import { type Finding, ok, problem, warning } from './finding';

export async function examineTemporal({ temporal }: MlopsClient): Promise<Finding[]> {
  const info = await temporal.workflowService.getSystemInfo({});
  const version = info.serverVersion ?? '';
  const { namespace } = temporal.options;
  const about = `server ${version || 'of unknown version'}, namespace ${namespace}`;
  return [
    isTemporalTooOld(version)
      ? problem('temporal', `${about}: decisions need update-with-start`, `Use a server from ${LEAST_TEMPORAL} on.`)
      : ok('temporal', about),
  ];
}

/** temporal.api.enums.v1.IndexedValueType */
const TYPES = { KEYWORD: { wire: 2, word: 'Keyword' }, KEYWORD_LIST: { wire: 7, word: 'KeywordList' } } as const;

export async function examineSearchAttributes({ temporal }: MlopsClient): Promise<Finding[]> {
  const { namespace } = temporal.options;
  const { customAttributes } = await temporal.connection.operatorService.listSearchAttributes({ namespace });
  const there = customAttributes ?? {};
  return Object.entries(SEARCH_ATTRIBUTES).map(([name, type]) => {
    const about = `search attribute ${name}`;
    const { wire, word } = TYPES[type];
    const create = `temporal operator search-attribute create --namespace ${namespace} --name ${name} --type ${word}`;
    if (there[name] === undefined) return warning(about, 'missing; the next worker adds it', create);
    if (there[name] === wire) return ok(about, word);
    const remove = `temporal operator search-attribute remove --namespace ${namespace} --name ${name}`;
    return problem(about, `has type ${there[name]} instead of ${word}`, `${remove} && ${create}`);
  });
}

export async function examineQueues(client: MlopsClient): Promise<Finding[]> {
  const [own, compute, light] = await Promise.all([client.pollers(), client.computePollers(), client.lightPollers()]);
  const findingOf = (queue: string, pollers: number, words: string): Finding =>
    pollers > 0 ? ok(`queue ${queue}`, words) : problem(`queue ${queue}`, `no worker polls ${queue}`, START);
  return [
    findingOf(client.taskQueue, own.workflows, `${own.workflows} workflow pollers, ${own.activities} activity pollers`),
    findingOf(`${client.taskQueue}${COMPUTE_SUFFIX}`, compute.activities, `${compute.activities} activity pollers`),
    findingOf(`${client.taskQueue}${LIGHT_SUFFIX}`, light.activities, `${light.activities} activity pollers`),
  ];
}

const START = 'Start one: mlops worker.';
