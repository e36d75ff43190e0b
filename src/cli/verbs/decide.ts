import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import type { DecisionMessage } from '../../client';
import { type ApprovalRequest, decidedDigest } from '../../domain/approval';
import { MlopsError } from '../../domain/errors';
import { parseRequest, recordName, requestId } from '../../domain/ids';
import type { Verdict } from '../../domain/messages';
import type { Digest } from '../../domain/refs';
import { withClient, withRecords } from '../connect';
import type { OperateOptions } from '../operate';
import { digest, senderOf, withSender, withTaskQueue } from '../options';
import { addVerb, answering, type Outcome } from '../verb';

interface DecideOptions extends OperateOptions {
  readonly approve?: true;
  readonly reject?: true;
  readonly digest?: Digest;
}

export function addDecide(program: Command): void {
  const command = addVerb(
    program,
    'decide',
    'decide flights/1 --approve --by ana --digest sha256:… --comment "better on every day"'
  )
    .argument('<request>', '<project>/<cycle>: mlops ls requests')
    .option('--approve', 'approve it')
    .option('--reject', 'reject it')
    .option(
      '--digest <digest>',
      'digest of what you decide on; without it, the evidence is shown and you are asked',
      digest
    )
    .action(answering(decide));
  withTaskQueue(withSender(command));
}

async function decide(text: string, options: DecideOptions): Promise<Outcome> {
  const name = parseRequest(text);
  if (name === undefined) {
    throw new MlopsError(
      'MLOPS_USAGE',
      `${text} is not a request's name.`,
      {},
      'Write <project>/<cycle>: mlops ls requests.'
    );
  }
  const request = requestId(name);
  const verdict = verdictOf(options);
  const model = options.digest ?? (await confirmed(request, verdict));
  const decision: DecisionMessage = { ...senderOf(options), verdict, digest: model };
  return withClient(options, async (client) => {
    const answer = await client.decide(request, decision);
    const said = `${answer.outcome === 'accepted' ? `${request}: ` : ''}${answer.reason}`;
    return {
      json: { id: decision.id, by: decision.by, verdict, digest: model, ...answer },
      text: answer.outcome === 'accepted' ? said : '',
      ...(answer.outcome === 'refused' ? { failed: `${request} refused: ${said} (${answer.code})` } : {}),
    };
  });
}

function verdictOf({ approve, reject }: DecideOptions): Verdict {
  if (approve !== reject) return approve === true ? 'approve' : 'reject';
  throw new MlopsError('MLOPS_USAGE', 'The verdict is missing, or both are there.', {}, 'Say --approve or --reject.');
}

/** What the request asks about, once a person at the terminal has seen the evidence and said yes. */
async function confirmed(id: string, verdict: Verdict): Promise<Digest> {
  if (!process.stdin.isTTY) {
    throw new MlopsError(
      'MLOPS_USAGE',
      'A decision names the digest that it is about.',
      {},
      `Pass --digest sha256:…, as mlops show ${recordName('request', id)} prints it.`
    );
  }
  const request = await withRecords((records) => records.find('request', id));
  if (request === undefined) {
    throw new MlopsError(
      'MLOPS_NOT_FOUND',
      'There is no such request.',
      { request: id },
      'mlops ls requests lists them.'
    );
  }
  process.stderr.write(`${evidence(request)}\n\n`);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${verdict === 'approve' ? 'Approve' : 'Reject'} this? [y/N] `);
    if (/^y(es)?$/i.test(answer.trim())) return decidedDigest(request.subject);
  } finally {
    terminal.close();
  }
  throw new MlopsError('MLOPS_CONFIGURATION', 'Nothing was decided.', { request: id }, 'Answer y to decide.');
}

function evidence({ title, state, subject, causes, evidence: lines }: ApprovalRequest): string {
  return [
    `${title} (request ${state})`,
    ...Object.entries(subject.digests).map(([name, digest]) => `  ${name} ${digest}`),
    ...causes.map(({ detail }) => `  why: ${detail}`),
    ...lines.map((line) => `  ${line}`),
  ].join('\n');
}
