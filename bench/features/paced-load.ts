/**
 * Requests at a fixed rate, whether or not the server keeps up: a latency counts from when its request was due, so that one which
 * waits for another is not left out.
 */
import { Pool } from 'undici';

export interface PacedLoad {
  /** Answered with 200. */
  readonly answered: number;
  readonly failed: number;
  /** Answers a second, until the last one came. */
  readonly rate: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

const CONNECTIONS = 64;

export async function pacedLoad(
  port: number,
  path: string,
  body: (request: number) => string,
  { rate, seconds }: { readonly rate: number; readonly seconds: number }
): Promise<PacedLoad> {
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: CONNECTIONS, pipelining: 1 });
  const total = rate * seconds;
  const latencies: number[] = [];
  let failed = 0;
  const sending: Promise<void>[] = [];
  const began = performance.now();
  const send = async (request: number): Promise<void> => {
    const due = began + (request * 1_000) / rate;
    try {
      const headers = { 'content-type': 'application/json' };
      const answer = await pool.request({ path, method: 'POST', headers, body: body(request) });
      await answer.body.dump();
      if (answer.statusCode !== 200) failed += 1;
    } catch {
      failed += 1;
    }
    latencies.push(performance.now() - due);
  };
  for (let next = 0; next < total; ) {
    const due = Math.min(total, Math.floor(((performance.now() - began) * rate) / 1_000) + 1);
    for (; next < due; next += 1) sending.push(send(next));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(sending);
  const took = (performance.now() - began) / 1_000;
  await pool.close();
  latencies.sort((a, b) => a - b);
  const at = (share: number) => latencies[Math.min(latencies.length - 1, Math.floor(share * latencies.length))]!;
  return { answered: total - failed, failed, rate: total / took, p50: at(0.5), p99: at(0.99) };
}
