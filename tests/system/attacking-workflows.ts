/** What somebody who may write to the namespace can run on a worker of his own. */
import {
  ApplicationFailure,
  ActivityFailure,
  condition,
  getExternalWorkflowHandle,
  proxyActivities,
  workflowInfo,
} from '@temporalio/workflow';

/** Calls another worker's activity, and answers with what became of it. */
export async function call(activity: string, args: unknown, taskQueue: string): Promise<string> {
  const activities = proxyActivities<Record<string, (args: unknown) => Promise<unknown>>>({
    taskQueue,
    scheduleToCloseTimeout: '4 minutes',
    retry: { maximumAttempts: 1 },
  });
  return outcomeOf(activities[activity]!(args));
}

async function outcomeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'done';
  } catch (error) {
    const cause = error instanceof ActivityFailure ? error.cause : error;
    return cause instanceof ApplicationFailure ? (cause.type ?? 'failed') : 'failed';
  }
}

export interface ForgedMaterialization {
  /** Which link from the files to the view's values is forged. */
  readonly where: 'none' | 'observation' | 'observe' | 'ingest' | 'parent';
  readonly project: string;
  readonly definition: object;
  readonly view: string;
  readonly source: string;
  /** What is observed is of this moment, and is made to seem of the later one. */
  readonly asOf: string;
  readonly later: string;
  readonly taskQueue: string;
}

/** Materializes a view step by step, with a forgery at one link. */
export async function materializeForged(forged: ForgedMaterialization): Promise<string> {
  const { where, project, definition, view, source, asOf, later, taskQueue } = forged;
  const on = (queue: string) =>
    proxyActivities<Record<string, (args: object) => Promise<object>>>({
      taskQueue: queue,
      scheduleToCloseTimeout: '4 minutes',
      retry: { maximumAttempts: 1 },
    });
  const theirs = on(taskQueue);
  const own = on(workflowInfo().taskQueue);
  const reading = { definition, source };
  const observed = await theirs.mlopsObserve!({ ...reading, asOf });
  const made = { ...observed, asOf: later };
  const ingested = async (observation: object, parent?: object) =>
    theirs.mlopsIngest!({ ...reading, observation, ...(parent === undefined ? {} : { parent }) });
  let snapshot: object;
  if (where === 'none') snapshot = await ingested(observed);
  else if (where === 'observation') snapshot = await ingested(made);
  else if (where === 'observe') snapshot = await ingested(await own.mlopsObserve!({ ...reading, asOf, answer: made }));
  else if (where === 'parent')
    snapshot = await ingested(await theirs.mlopsObserve!({ ...reading, asOf: later }), await ingested(made));
  else {
    const forgedSnapshot = await ingested(made);
    snapshot = await own.mlopsIngest!({ ...reading, observation: observed, answer: forgedSnapshot });
  }
  return outcomeOf(theirs.mlopsMaterializeView!({ project, definition, view, snapshot }));
}

/** Sends a signal from a workflow of any id. */
export async function send(workflowId: string, name: string, payload: unknown): Promise<void> {
  await getExternalWorkflowHandle(workflowId).signal(name, payload);
}

/** Holds its id until it is terminated. */
export async function hold(): Promise<void> {
  await condition(() => false);
}
