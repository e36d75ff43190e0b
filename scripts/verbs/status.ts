import type { Command } from 'commander';
import type { LifecycleStatus, MlopsClient } from '../../src/client';
import { errorCodeOf, MlopsError } from '../../src/domain/errors';
import { lifecycleId } from '../../src/domain/ids';
import type { ProjectSummary } from '../../src/records';
import { type ClientOptions, withClient, withRecords } from '../cli/connect';
import { projectName, withTaskQueue } from '../cli/options';
import { pairs } from '../cli/table';
import { addVerb, answering, type Outcome, oneLine } from '../cli/verb';

export function addStatus(program: Command): void {
  const command = addVerb(program, 'status', 'What a lifecycle does and what it waits for', 'status flights')
    .argument('<project>', 'name of the project', projectName)
    .action(
      answering((project: string, options: ClientOptions) =>
        withClient(options, async (client) => {
          const [said, seen, summary] = await Promise.all([
            asked(client, project),
            described(client, project),
            withRecords((records) => records.find('project', project)),
          ]);
          return told(project, said, seen, summary);
        })
      )
    );
  withTaskQueue(command);
}

/** The lifecycle's own answer, or why there is none. */
type Said = { readonly status: LifecycleStatus } | { readonly silent: string };

/** What the server knows of it, with or without a worker. */
interface Seen {
  readonly state: string;
  readonly phase?: string;
  readonly waitingFor?: readonly string[];
}

/** Together they stay below 5 s. */
const POLL_WITHIN_MS = 1_500;
const ANSWER_WITHIN_MS = 3_000;

async function asked(client: MlopsClient, project: string): Promise<Said> {
  try {
    await client.requireWorker(POLL_WITHIN_MS);
    // A worker that has just died is still listed as a poller: then nobody answers.
    const status = await client.temporal.withDeadline(Date.now() + ANSWER_WITHIN_MS, () => client.status(project));
    return { status };
  } catch (error) {
    const code = errorCodeOf(error);
    if (code === 'MLOPS_NO_WORKER' || code === 'MLOPS_UNKNOWN_PROJECT') return { silent: (error as Error).message };
    if (isSilence(error)) {
      const seconds = ANSWER_WITHIN_MS / 1000;
      return { silent: `no worker answers on ${client.taskQueue} within ${seconds} s. mlops doctor looks why.` };
    }
    throw error;
  }
}

/** A deadline that passed (4) or a query that was cancelled for it (1). */
function isSilence(error: unknown): boolean {
  const code = ((error as { cause?: unknown }).cause as { code?: unknown } | undefined)?.code;
  return code === 4 || code === 1;
}

async function described(client: MlopsClient, project: string): Promise<Seen | undefined> {
  try {
    const { status, searchAttributes } = await client.temporal.workflow.getHandle(lifecycleId(project)).describe();
    const phase = searchAttributes.MlopsPhase?.[0];
    return {
      state: status.name.toLowerCase(),
      ...(typeof phase === 'string' ? { phase } : {}),
      waitingFor: (searchAttributes.MlopsWaitingFor ?? []).map(String),
    };
  } catch (error) {
    if ((error as Error).name === 'WorkflowNotFoundError') return undefined;
    throw error;
  }
}

function told(project: string, said: Said, seen: Seen | undefined, summary: ProjectSummary | undefined): Outcome {
  if (seen === undefined && summary === undefined) {
    throw new MlopsError(
      'MLOPS_UNKNOWN_PROJECT',
      'There is no such project.',
      { project },
      'mlops ls projects lists them.'
    );
  }
  const status = 'status' in said ? said.status : undefined;
  const silent = 'silent' in said ? said.silent : undefined;
  const cycle = summary?.cycle;
  // Said now, and not only with the rest: it is the news.
  if (silent !== undefined) process.stderr.write(`mlops: ${oneLine(silent)}\n`);
  const waitingFor = status?.waitingFor ?? seen?.waitingFor ?? [];
  return {
    json: {
      project,
      lifecycle: seen?.state ?? 'gone',
      ...(status === undefined ? { phase: seen?.phase ?? null, waitingFor } : { status }),
      worker: silent ?? null,
      records: summary ?? null,
    },
    text: pairs([
      ['project', project],
      ['lifecycle', seen?.state ?? 'gone'],
      ['cycle', String(status?.cycle ?? cycle?.cycle ?? 0)],
      ['phase', status?.phase ?? seen?.phase ?? cycle?.phase],
      ['waits for', waitingFor.join(', ') || 'nothing'],
      ['paused', status?.paused],
      ['failure', status?.failure ?? (cycle?.state === 'failed' ? cycle.failure : undefined)],
      ['triggers', status?.pendingTriggers.map(({ cause }) => cause.detail).join('; ') || undefined],
      ['last', status?.last ?? cycle?.outcome],
      ['champion', summary?.champion === undefined ? 'none' : `${project}@${summary.champion}`],
      ['definition', status?.definition ?? summary?.definition],
    ]),
  };
}
