/** Requests to an endpoint over the Open Inference Protocol V2. */
import { MlopsError } from '../domain/errors';
import { withRecords } from './connect';

/** `--url`, else $MLOPS_ENDPOINT, else a live replica by the records. */
export async function endpointUrl(model: string, given: string | undefined): Promise<string> {
  const url = given ?? (process.env.MLOPS_ENDPOINT || undefined) ?? (await liveReplica(model));
  if (/^https?:\/\/[^/]/.test(url)) return url.replace(/\/+$/, '');
  throw new MlopsError('MLOPS_USAGE', `${url} is not an address.`, {}, 'Write --url http://host:port.');
}

async function liveReplica(model: string): Promise<string> {
  const { records: replicas } = await withRecords((records) => records.list('replica', { project: model }));
  const live = replicas.find((replica) => replica.live);
  if (live !== undefined) return live.address;
  throw new MlopsError(
    'MLOPS_NO_REPLICA',
    'No replica of this endpoint is live.',
    { endpoint: model },
    `Start one (mlops serve ${model}), or say --url.`
  );
}

/** The answer's JSON; what the endpoint refuses is printed in its own words. */
export async function ask(url: string, path: string, body?: object): Promise<unknown> {
  const request =
    body === undefined
      ? {}
      : { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } };
  const response = await fetch(`${url}${path}`, { ...request, signal: AbortSignal.timeout(30_000) }).catch(
    (error: Error) => {
      const why = error.cause instanceof Error ? error.cause.message || error.cause.name : error.message;
      const fix = 'Is it running? mlops ls replicas shows addresses.';
      throw new MlopsError('MLOPS_NO_REPLICA', `The endpoint can't be reached: ${why}.`, { url }, fix, {
        cause: error,
      });
    }
  );
  const answer = (await response.json().catch(() => undefined)) as { readonly error?: unknown } | undefined;
  if (response.ok && answer !== undefined) return answer;
  const words = typeof answer?.error === 'string' ? answer.error : `it answered ${response.status} without JSON`;
  throw new MlopsError('MLOPS_REQUEST_INVALID', `The endpoint refused: ${words}`, { url: `${url}${path}` }, '');
}
