/** Who decides: the demo's approver with --yes, else the person at the terminal, or anyone by the UI or another shell. */
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline/promises';
import type { MlopsClient } from '../../src/client';
import { type ApprovalRequest, decidedDigest } from '../../src/domain/approval';
import type { DecisionAnswer } from '../../src/domain/messages';
import type { Store } from '../../src/stores/open';
import { findRequest } from '../../src/stores/requests';
import type { QuickstartOptions } from './options';
import { mlopsCommand, say, waitFor } from './say';
import { workflowPage } from './temporal-ui';

export const DEMO_APPROVER = 'ana';

export interface Asking {
  readonly client: MlopsClient;
  readonly stores: Store;
  readonly options: Pick<QuickstartOptions, 'yes' | 'fresh'>;
  readonly temporalUi: string | undefined;
}

/** What a question is written to and its answer read from. */
export interface Terminal {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly stderr: NodeJS.WritableStream;
}

/** Asks, and returns once it is approved, here or elsewhere. @throws where it was rejected or expired */
export async function approved(of: Asking, request: ApprovalRequest, terminal: Terminal = process): Promise<void> {
  const { client, stores, options } = of;
  showRequest(of, request);
  if (options.yes) {
    const { outcome, reason } = await send(client, request, 'approve', 'demo');
    if (outcome === 'refused') throw new Error(`the decision was refused: ${reason}`);
  }
  const closed = new AbortController();
  let asking = !options.yes && terminal.stdin.isTTY === true;
  const decided = waitFor(
    `a decision on ${request._id}`,
    async () => ((await stateOf(stores, request)) === 'approved' ? true : undefined),
    options.yes ? 60_000 : 24 * 3_600_000,
    () => asking
  ).finally(() => closed.abort());
  // A refusal here leaves it to others: who decided first is in the request.
  const answered = (asking ? askAt(terminal, closed.signal) : Promise.resolve('')).then(async (answer) => {
    asking = false;
    if (/^y(es)?$/i.test(answer)) await send(client, request, 'approve', 'at the terminal');
    else if (/^n(o)?$/i.test(answer)) await send(client, request, 'reject', 'at the terminal');
  });
  await Promise.all([decided, answered]);
}

function showRequest({ options, temporalUi }: Asking, request: ApprovalRequest): void {
  say(`${request.title} waits for approval:`);
  for (const line of request.evidence) say(`    ${line}`);
  if (options.yes) return;
  say(`Decide in the Temporal UI: ${workflowPage(temporalUi, request.workflowId)}`);
  say(
    `or in another shell: ${mlopsCommand(options.fresh)} decide ${request._id} --by ${DEMO_APPROVER} --approve --digest ${decidedDigest(request.subject)}`
  );
}

async function stateOf(stores: Store, { _id }: ApprovalRequest): Promise<string | undefined> {
  const state = (await findRequest(stores, _id))?.state;
  if (state !== undefined && state !== 'open' && state !== 'approved') throw new Error(`${_id} is ${state}`);
  return state;
}

/** The question is withdrawn when somebody has decided elsewhere; that, Enter and Ctrl-D are not an answer. */
async function askAt({ stdin, stderr }: Terminal, withdrawn: AbortSignal): Promise<string> {
  const lines = createInterface({ input: stdin, output: stderr });
  const over = new AbortController();
  lines.once('close', () => over.abort());
  // The terminal is in raw mode while it asks: Ctrl-C comes here, and is meant for the quickstart.
  lines.once('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  const signal = AbortSignal.any([withdrawn, over.signal]);
  try {
    const question = `Approve it as ${DEMO_APPROVER}? [y/N, or Enter to decide elsewhere] `;
    return (await lines.question(question, { signal })).trim();
  } catch (error) {
    if (!signal.aborted) throw error;
    stderr.write('\n');
    return '';
  } finally {
    lines.close();
  }
}

async function send(
  client: MlopsClient,
  request: ApprovalRequest,
  verdict: 'approve' | 'reject',
  comment: string
): Promise<DecisionAnswer> {
  const answer = await client.decide(request._id, {
    id: randomUUID(),
    by: DEMO_APPROVER,
    verdict,
    digest: decidedDigest(request.subject),
    comment,
  });
  say(`${DEMO_APPROVER}: ${verdict} — ${answer.outcome}, ${answer.reason}`);
  return answer;
}
