/** What callers do: a request for each row, and its truth as soon as it is known. */
import { type Dispatcher, Pool } from 'undici';
import type { TourRow } from './rows';

interface Input {
  readonly name: string;
  readonly datatype: string;
  /** [-1], of a vector [-1, width]. */
  readonly shape: readonly number[];
}

export interface Sent {
  readonly predictions: number;
  readonly truths: number;
}

/** Sends the rows in event order. The endpoint itself says which inputs it takes. */
export async function send(endpoint: string, model: string, rows: readonly TourRow[]): Promise<Sent> {
  const pool = new Pool(endpoint, { connections: 1 });
  try {
    const { inputs } = (await answer(pool, 'GET', `/v2/models/${model}`)) as { readonly inputs: readonly Input[] };
    let truths = 0;
    for (const [i, { at, values, truth }] of rows.entries()) {
      const timed = at === undefined ? {} : { eventTime: new Date(at).toISOString() };
      await answer(pool, 'POST', `/v2/models/${model}/infer`, {
        id: `row-${i}`,
        parameters: timed,
        inputs: inputs.map(({ name, datatype, shape }) => ({
          name,
          datatype,
          shape: [1, ...shape.slice(1)],
          data: [values[name] ?? null],
        })),
      });
      if (truth === null) continue;
      await answer(pool, 'POST', `/v2/models/${model}/truth`, { id: `row-${i}`, value: truth, ...timed });
      truths += 1;
    }
    return { predictions: rows.length, truths };
  } finally {
    await pool.close();
  }
}

async function answer(pool: Pool, method: Dispatcher.HttpMethod, path: string, body?: unknown): Promise<unknown> {
  const headers = { 'content-type': 'application/json' };
  const sent = await pool.request({
    method,
    path,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const said = await sent.body.json();
  if (sent.statusCode === 200) return said;
  throw new Error(`${path} answered ${sent.statusCode}: ${JSON.stringify(said).slice(0, 300)}`);
}
