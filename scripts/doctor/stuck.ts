/** Workflows whose workflow task fails again and again: no handler of ours is ever reached, so only a reset mends them. */
import type { MlopsClient } from '../../src/client';
import { type Finding, ok, problem, warning } from './finding';

const OPEN = 'ExecutionStatus = "Running" AND WorkflowId STARTS_WITH "mlops/"';
/** Above this attempt it is no hiccup of a worker that was restarted. */
const FEW_ATTEMPTS = 3;
const MOST_WORKFLOWS = 2_000;
const AT_ONCE = 16;

interface Execution {
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
  const { namespace } = client.temporal.options;
  const described = await client.temporal.workflowService
    .describeWorkflowExecution({ namespace, execution })
    .catch((error: { readonly code?: unknown }) => {
      // It has ended since it was listed.
      if (error.code === NOT_FOUND) return undefined;
      throw error;
    });
  const attempt = described?.pendingWorkflowTask?.attempt ?? 0;
  if (attempt <= FEW_ATTEMPTS) return [];
  const cause = await lastFailure(client, execution);
  return [
    problem(
      `workflow ${execution.workflowId}`,
      `its workflow task fails (attempt ${attempt})${cause.message === '' ? '' : `: ${cause.message}`}`,
      fixOf(namespace, execution, cause)
    ),
  ];
}

const NOT_FOUND = 5;

interface Failure {
  readonly message: string;
  /** Whether a workflow task of this run was ever completed. */
  readonly begun: boolean;
  readonly nondeterminism: boolean;
}

/** temporal.api.enums.v1: EventType and WorkflowTaskFailedCause. */
const TASK_COMPLETED = 7;
const NON_DETERMINISTIC = 24;
const PAGE = 200;

/** From the newest events; only the first failure of a task stands in the history. */
async function lastFailure(client: MlopsClient, execution: Execution): Promise<Failure> {
  const { namespace } = client.temporal.options;
  const request = { namespace, execution, maximumPageSize: PAGE };
  const { history } = await client.temporal.workflowService.getWorkflowExecutionHistoryReverse(request);
  const events = history?.events ?? [];
  const failed = events.find((event) => event.workflowTaskFailedEventAttributes != null);
  const attributes = failed?.workflowTaskFailedEventAttributes;
  return {
    message: (attributes?.failure?.message ?? '').split('\n')[0]?.slice(0, 200) ?? '',
    begun: events.length === PAGE || events.some((event) => event.eventType === TASK_COMPLETED),
    nondeterminism: attributes?.cause === NON_DETERMINISTIC,
  };
}

/**
 * A message that can't be decoded comes after the last task that was completed: from there the run goes on without
 * signals, and nothing that was done is done again. Code that no longer fits its history can't be mended so.
 */
function fixOf(namespace: string, { workflowId, runId }: Execution, { begun, nondeterminism }: Failure): string {
  if (nondeterminism) return 'Run the release that it was started with: its code and its history differ.';
  const type = begun ? 'LastWorkflowTask' : 'FirstWorkflowTask';
  return `temporal workflow reset --namespace ${namespace} --workflow-id '${workflowId}' --run-id ${runId} --type ${type} --reapply-exclude Signal --reason "mlops doctor"`;
}
