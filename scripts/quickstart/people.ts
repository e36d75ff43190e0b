/** Who decides: the demo's approver with --yes, else the person at the terminal, or anyone by the UI or another shell. */
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline/promises';
import type { MlopsClient } from '../../src/client';
import type { ApprovalRequest } from '../../src/domain/approval';
import type { QuickstartOptions } from './options';
import { mlopsCommand, say } from './say';

export const DEMO_APPROVER = 'ana';

export async function decide(
  client: MlopsClient,
  request: ApprovalRequest,
  { yes, fresh }: Pick<QuickstartOptions, 'yes' | 'fresh'>,
  ui: string
): Promise<void> {
  say(`${request.project}@${request.number} waits for approval:`);
  for (const line of request.evidence) say(`    ${line}`);
  if (yes) return send(client, request, 'approve', 'demo');
  say(`Decide in the Temporal UI: ${ui}/namespaces/default/workflows/${encodeURIComponent(request.workflowId)}`);
  say(
    `or in another shell: ${mlopsCommand(fresh)} decide ${request._id} --by ${DEMO_APPROVER} --approve --digest ${request.model}`
  );
  if (!process.stdin.isTTY) return;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`Approve it as ${DEMO_APPROVER}? [y/N, or Enter to decide elsewhere] `);
  terminal.close();
  if (/^y(es)?$/i.test(answer.trim())) await send(client, request, 'approve', 'at the terminal');
  else if (/^n(o)?$/i.test(answer.trim())) await send(client, request, 'reject', 'at the terminal');
}

async function send(
  client: MlopsClient,
  request: ApprovalRequest,
  verdict: 'approve' | 'reject',
  comment: string
): Promise<void> {
  const answer = await client.decide(request._id, {
    id: randomUUID(),
    by: DEMO_APPROVER,
    verdict,
    digest: request.model,
    comment,
  });
  say(`${DEMO_APPROVER}: ${verdict} — ${answer.outcome}, ${answer.reason}`);
  if (answer.outcome === 'refused') throw new Error(`the decision was refused: ${answer.reason}`);
}
