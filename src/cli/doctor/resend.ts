/** A reset leaves out every signal that came after its point. Those that can be decoded are sent again, in their order. */
import type { MlopsClient } from '../../client';
import { decodeArrayFromPayloads } from '@temporalio/common/lib/internal-non-workflow';
import type { temporal } from '@temporalio/proto';

/** More than a person would paste. */
const MOST = 20;

/** @param newestFirst events since the point of the reset */
export async function resendCommands(
  client: MlopsClient,
  server: string,
  workflowId: string,
  newestFirst: readonly temporal.api.history.v1.IHistoryEvent[]
): Promise<string[]> {
  const commands: string[] = [];
  for (const event of [...newestFirst].reverse()) {
    const signal = event.workflowExecutionSignaledEventAttributes;
    if (signal == null || commands.length === MOST) continue;
    const inputs = await decoded(client, signal.input?.payloads ?? []);
    if (inputs === undefined) continue;
    const input = inputs.map((value) => ` --input ${quote(JSON.stringify(value))}`).join('');
    commands.push(
      `temporal workflow signal ${server} --workflow-id ${quote(workflowId)} --name ${quote(signal.signalName ?? '')}${input}`
    );
  }
  return commands;
}

async function decoded(
  client: MlopsClient,
  payloads: readonly temporal.api.common.v1.IPayload[]
): Promise<unknown[] | undefined> {
  try {
    return await decodeArrayFromPayloads(client.temporal.options.loadedDataConverter, [...payloads]);
  } catch {
    // The one for which the reset is needed: nobody can say what it was.
    return undefined;
  }
}

/** For a POSIX shell. */
function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
