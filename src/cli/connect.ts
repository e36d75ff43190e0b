/** Connections for the time of one verb. */
import { MlopsClient } from '../client';
import { callOnce } from '../client/call';
import { openRecords, type Records } from '../records';

export interface ClientOptions {
  readonly taskQueue?: string;
}

export async function withClient<T>(
  { taskQueue }: ClientOptions,
  use: (client: MlopsClient) => Promise<T>
): Promise<T> {
  const client = await MlopsClient.connect(taskQueue === undefined ? {} : { taskQueue });
  try {
    // Some verbs ask Temporal by themselves.
    return await callOnce(() => use(client));
  } finally {
    await client.close();
  }
}

export async function withRecords<T>(use: (records: Records) => Promise<T>): Promise<T> {
  const records = openRecords();
  try {
    return await use(records);
  } finally {
    await records.close();
  }
}
