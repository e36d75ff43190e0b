/** An endpoint whose champion answers beside a candidate in shadow, of the flights' inputs, over HTTP. */
import { request } from 'undici';
import { loadModel } from '../../src/serve/loaded-model';
import { createInferenceServer } from '../../src/serve/server';
import { flightRequest, type flightsVersion } from './flights-model';
import { openServing, type Serving } from './serving';

type Made = ReturnType<typeof flightsVersion>;

export interface OutputTensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly data: readonly (number | string)[];
}

export interface TwoVersions {
  readonly serving: Serving;
  /** Of the model. */
  readonly address: string;
  readonly post: (path: string, body: object) => Promise<{ status: number; body: Record<string, unknown> }>;
  readonly close: () => Promise<void>;
}

export async function openTwoVersions(one: Made, two: Made): Promise<TwoVersions> {
  const serving = openServing();
  const champion = await loadModel(one.version, one.bytes);
  const candidate = { model: await loadModel(two.version, two.bytes), share: 0, shadow: true };
  serving.predictor.take({ revision: 1, rolloutId: 'r', step: 'one', champion, candidate });
  const onFailure = (error: unknown) => {
    throw error;
  };
  const server = createInferenceServer({ model: 'flights', ...serving, release: '1.2.3', onFailure });
  const address = `${await server.listen({ port: 0, host: '127.0.0.1' })}/v2/models/flights`;
  return {
    serving,
    address,
    post: async (path, body) => {
      const headers = { 'content-type': 'application/json' };
      const answer = await request(`${address}/${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
      return { status: answer.statusCode, body: (await answer.body.json()) as Record<string, unknown> };
    },
    close: async () => {
      await server.close();
      await serving.close();
    },
  };
}

/** Three flights, of other distances. */
export function threeFlights() {
  const { inputs } = flightRequest();
  const data = [
    [981_173_106_000_000, 981_180_000_000_000, 981_190_000_000_000],
    [100, 900, 2500],
    ['A01', 'A02', 'A03'],
    ['A02', 'A03', 'A01'],
  ];
  return { id: 'three', inputs: inputs.map((input, at) => ({ ...input, shape: [3], data: data[at] })) };
}
