/** Workflows whose workflow task fails again and again: no handler of ours is ever reached, so only a reset fixes them. */
import { WorkflowNotFoundError } from '@temporalio/client';
import type { MlopsClient } from '../../client';
import { type Finding, ok, problem, warning } from './finding';
import { WORKFLOWS } from '../../domain/ids';

const OPEN = `ExecutionStatus = "Running" AND WorkflowId STARTS_WITH "${WORKFLOWS}"`;
/** A worker that was restarted lets a task time out once or twice; above this attempt it is stuck. */
const FEW_TIMEOUTS = 3;
const MOST_WORKFLOWS = 2_000;
const AT_ONCE = 16;

export interface Execution {
  readonly workflowId: string;
  readonly runId: string;
}

export async function examineStuck(client: MlopsClient): Promise<Finding[]> {
  const open: Execution[] = [];
  for await (const { workflowId, runId } of client.temporal.workflow.list({ query: OPEN })) {
    open.push({ workflowId, runId });
    if (open.length > MOST_WORKFLOWS) break;
  }
  const looked = open.slice(0, MOST_WORKFLOWS);
  const findings: Finding[] = [];
  for (let at = 0; at < looked.length; at += AT_ONCE) {
    const found = await Promise.all(looked.slice(at, at + AT_ONCE).map((execution) => examineOne(client, execution)));
    findings.push(...found.flat());
  }
  if (open.length > MOST_WORKFLOWS) {
    findings.push(warning('workflows', `only ${MOST_WORKFLOWS} open ones were looked at`, `See others by: ${OPEN}`));
  }
  const stuck = findings.some(({ state }) => state === 'problem');
  return stuck ? findings : [ok('workflows', `${looked.length} open, none stuck`), ...findings];
}

async function examineOne(client: MlopsClient, execution: Execution): Promise<Finding[]> {
  const stuck = await stuckTask(client, execution);
  return stuck === undefined
    ? []
    : [problem(`workflow ${execution.workflowId}`, `its workflow task ${stuck.what}`, fixOf(execution, stuck))];
}

export interface StuckTask {
  readonly what: string;
  readonly nondeterministic: boolean;
}

/** The workflow task that is tried again and again; undefined where the workflow goes on, or has ended. */
export async function stuckTask(client: MlopsClient, execution: Execution): Promise<StuckTask | undefined> {
  const { namespace } = client.temporal.options;
  const described = await client.temporal.workflowService
    .describeWorkflowExecution({ namespace, execution })
    .catch((error: unknown) => {
      // It has ended since it was listed.
      if (isNotFound(error)) return undefined;
      throw error;
    });
  const attempt = described?.pendingWorkflowTask?.attempt ?? 0;
  if (attempt <= 1) return undefined;
  const { failure, nondeterministic } = await lastFailure(client, execution);
  if (failure === undefined && attempt <= FEW_TIMEOUTS) return undefined;
  const what = failure === undefined ? 'times out' : `fails: ${failure}`;
  return { what: `${what} (attempt ${attempt})`, nondeterministic };
}

/** By the gRPC status of the call, or the class that the client makes of it. */
export function isNotFound(error: unknown): boolean {
  return error instanceof WorkflowNotFoundError || (error as { readonly code?: unknown }).code === NOT_FOUND;
}

const NOT_FOUND = 5;

interface LastFailure {
  /** Failure of the task that is tried again and again; undefined where it only times out. */
  readonly failure: string | undefined;
  readonly nondeterministic: boolean;
}

/** temporal.api.enums.v1.WorkflowTaskFailedCause */
const NON_DETERMINISTIC = 24;
const PAGE = 200;

/** From the newest events; of a task that fails again and again only the first failure stands in the history. */
async function lastFailure(client: MlopsClient, execution: Execution): Promise<LastFailure> {
  const { namespace } = client.temporal.options;
  const request = { namespace, execution, maximumPageSize: PAGE };
  const { history } = await client.temporal.workflowService.getWorkflowExecutionHistoryReverse(request);
  const events = history?.events ?? [];
  const completed = events.findIndex((event) => event.workflowTaskCompletedEventAttributes != null);
  const since = completed === -1 ? events : events.slice(0, completed);
  const failed = since.find((event) => event.workflowTaskFailedEventAttributes != null);
  const attributes = failed?.workflowTaskFailedEventAttributes;
  const message = attributes?.failure?.message?.split('\n')[0]?.slice(0, 200);
  return {
    failure: attributes == null ? undefined : message || 'without a message',
    nondeterministic: attributes?.cause === NON_DETERMINISTIC,
  };
}

/**
 * A signal that can't be decoded comes after the last task that was completed: from there the run goes on without it.
 * Code that fails is fixed by a release: then it goes on by itself.
 */
function fixOf({ workflowId }: Execution, { nondeterministic }: StuckTask): string {
  return nondeterministic
    ? 'Run the release that it was started with: its code and its history differ.'
    : `If the code is wrong, run a fixed worker. If a signal can't be decoded: mlops doctor --reset '${workflowId}'`;
}
