/** Servers that do the same work give the same scores; figures of others would say nothing. */
import { request } from 'undici';
import { benchRequest } from './model';
import { MODEL_PATH, type Server } from './servers';

const ROWS = 1_000;
/** Their onnxruntimes may be built differently. */
const TOLERANCE = 1e-6;

/** Asks each for the same rows; counts as answered. @throws when scores differ */
export async function requireSameScores(servers: readonly Server[]): Promise<void> {
  const body = benchRequest(ROWS);
  const [first, ...others] = await Promise.all(
    servers.map(async ({ name, port, stored }) => {
      const options = { method: 'POST', headers: { 'content-type': 'application/json' }, body } as const;
      const response = await request(`http://127.0.0.1:${port}${MODEL_PATH}`, options);
      const { outputs } = (await response.body.json()) as { outputs: readonly { data: readonly number[] }[] };
      await stored?.(ROWS);
      return { name, scores: outputs[0]?.data ?? [] };
    })
  );
  for (const { name, scores } of others) {
    const row = first!.scores.findIndex((score, i) => !(Math.abs(score - scores[i]!) <= TOLERANCE));
    if (first!.scores.length === ROWS && row < 0) continue;
    throw new Error(`${first!.name} and ${name} score row ${row} as ${first!.scores[row]} and ${scores[row]}`);
  }
}
