import type { Command } from 'commander';
import type { LifecycleStatus, MlopsClient } from '../../client';
import { errorCodeOf, MlopsError } from '../../domain/errors';
import { lifecycleId, monitorId, underLifecycle, versionLabel } from '../../domain/ids';
import type { EventClockRecord, ProjectSummary } from '../../records';
import { noProject } from '../../runtime/project-errors';
import { type ClientOptions, withClient, withRecords } from '../connect';
import { projectName, withTaskQueue } from '../options';
import { pairs, table } from '../table';
import { addVerb, answering, type Outcome, oneLine } from '../verb';

export function addStatus(program: Command): void {
  const command = addVerb(program, 'status', 'status flights')
    .argument('<project>', 'name of the project', projectName)
    .action(
      answering((project: string, options: ClientOptions) =>
        withClient(options, async (client) => {
          const [said, seen, [summary, clock]] = await Promise.all([
            asked(client, project),
            seenBy(client, project),
            withRecords((records) => Promise.all([records.find('project', project), records.eventClock(project)])),
          ]);
          return outcomeOf(project, said, seen, summary, clock);
        })
      )
    );
  withTaskQueue(command);
}

/** The lifecycle's own answer, or why there is none. */
type Said = { readonly status: LifecycleStatus } | { readonly silent: string };

/** What the server knows of it, with or without a worker: the state of the lifecycle, and the workflows that are open. */
interface Seen {
  readonly state?: string;
  readonly open: readonly OpenWorkflow[];
}

interface OpenWorkflow {
  readonly workflowId: string;
  readonly phase?: string;
  readonly waitingFor: readonly string[];
}

/** Together they stay below 5 s. */
const POLL_WITHIN_MS = 1_500;
const ANSWER_WITHIN_MS = 3_000;

async function asked(client: MlopsClient, project: string): Promise<Said> {
  let queue = client.taskQueue;
  try {
    queue = await client.queueOf(project);
    await client.requireWorker(POLL_WITHIN_MS, queue);
    // A worker that has just died is still listed as a poller: then there is no answer.
    const status = await client.temporal.withDeadline(Date.now() + ANSWER_WITHIN_MS, () => client.status(project));
    return { status };
  } catch (error) {
    const code = errorCodeOf(error);
    if (code === 'MLOPS_NO_WORKER' || code === 'MLOPS_UNKNOWN_PROJECT') return { silent: (error as Error).message };
    // The deadline passed, or the workflow's task fails: the records are printed all the same.
    const why = error instanceof MlopsError ? error.what : (error as Error).message;
    return {
      silent: `the lifecycle doesn't answer on ${queue}: ${why.replace(/\.+$/, '')}. mlops doctor looks why.`,
    };
  }
}

async function seenBy({ temporal }: MlopsClient, project: string): Promise<Seen> {
  const ours = `WorkflowId = "${lifecycleId(project)}" OR WorkflowId STARTS_WITH "${underLifecycle(project)}"`;
  const query = `ExecutionStatus = "Running" AND (${ours})`;
  const open: OpenWorkflow[] = [];
  for await (const { workflowId, searchAttributes } of temporal.workflow.list({ query })) {
    const phase = searchAttributes.MlopsPhase?.[0];
    const waitingFor = (searchAttributes.MlopsWaitingFor ?? []).map(String);
    open.push({ workflowId, ...(typeof phase === 'string' ? { phase } : {}), waitingFor });
  }
  open.sort((a, b) => (a.workflowId < b.workflowId ? -1 : 1));
  try {
    const { status } = await temporal.workflow.getHandle(lifecycleId(project)).describe();
    // A lifecycle ends when it is stopped, and by nothing else.
    return { state: status.name === 'COMPLETED' ? 'stopped' : status.name.toLowerCase(), open };
  } catch (error) {
    if ((error as Error).name === 'WorkflowNotFoundError') return { open };
    throw error;
  }
}

function outcomeOf(
  project: string,
  said: Said,
  { state = 'gone', open }: Seen,
  summary: ProjectSummary | undefined,
  clock: EventClockRecord
): Outcome {
  if (state === 'gone' && summary === undefined) throw noProject(project);
  const status = 'status' in said ? said.status : undefined;
  const silent = 'silent' in said ? oneLine(said.silent) : undefined;
  // Said at once, and not only with the rest: it is the news.
  if (silent !== undefined) process.stderr.write(`mlops: ${silent}\n`);
  const cycle = summary?.cycle;
  const lifecycle = open.find(({ workflowId }) => workflowId === lifecycleId(project));
  const waitingFor = [...new Set([...(status?.waitingFor ?? []), ...open.flatMap((one) => one.waitingFor)])];
  const head = pairs([
    ['project', project],
    ['lifecycle', state],
    ['cycle', String(cycle?.cycle ?? 0)],
    ['phase', state === 'stopped' ? undefined : (status?.phase ?? lifecycle?.phase ?? cycle?.phase)],
    ['waits for', waitingFor.join(', ') || 'nothing'],
    ['paused', status?.paused],
    ['failure', status?.failure ?? (cycle?.state === 'failed' ? cycle.failure : undefined)],
    ['triggers', status?.pendingTriggers.map(({ cause }) => cause.detail).join('; ') || undefined],
    ['last', status?.last ?? cycle?.outcome],
    ['champion', summary?.champion === undefined ? 'none' : versionLabel(project, summary.champion)],
    ['definition', status?.definition ?? summary?.definition],
    ['monitor', monitorWords(project, state, open, summary, clock)],
    ['event time', clock.at],
    ['event time waits for', clock.waits],
    ['without event time', clock.withoutEventTime === 0 ? undefined : `${clock.withoutEventTime} predictions`],
    ['refused requests', refusedWords(clock)],
    ['predictions kept aside', clock.conflictingPredictions === 0 ? undefined : clock.conflictingPredictions],
    ['truths kept aside', clock.unmatchedTruths === 0 ? undefined : clock.unmatchedTruths],
  ]);
  const rows = open.map((one) => [one.workflowId, one.phase, one.waitingFor.join(', ')]);
  return {
    json: {
      project,
      lifecycle: state,
      waitingFor,
      status: status ?? null,
      noAnswer: silent ?? null,
      open,
      records: summary ?? null,
      clock,
    },
    text: rows.length === 0 ? head : `${head}\n\n${table(['open workflow', 'phase', 'waits for'], rows)}`,
  };
}

function monitorWords(
  project: string,
  state: string,
  open: readonly OpenWorkflow[],
  summary: ProjectSummary | undefined,
  { overdue }: EventClockRecord
): string | undefined {
  if (summary?.champion === undefined || state === 'stopped') return undefined;
  if (!open.some(({ workflowId }) => workflowId === monitorId(project))) return 'missing: mlops doctor says what to do';
  return overdue === undefined ? 'runs' : `runs; overdue: the window from ${overdue.from} to ${overdue.to}`;
}

/** Sums over all listed replicas, each since it started. */
export function refusedWords({ replicas }: Pick<EventClockRecord, 'replicas'>): string | undefined {
  const counts = new Map<string, number>();
  for (const { refused = {} } of replicas) {
    for (const [code, count] of Object.entries(refused)) counts.set(code, (counts.get(code) ?? 0) + count);
  }
  const words = [...counts].toSorted(([, a], [, b]) => b - a).map(([code, count]) => `${count} ${code}`);
  return words.join(', ') || undefined;
}
