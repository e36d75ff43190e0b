/**
 * The endpoint over HTTP: Open Inference Protocol V2 (REST, JSON) and `truth`. Whatever a caller sends, the server
 * answers with {"error": "<CODE>: …"} and goes on.
 */
import type { Socket } from 'node:net';
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import type { ModelInput, ServedVersion } from '../domain/endpoint';
import { type ErrorCode, errorCodeOf, MlopsError } from '../domain/errors';
import { type Output, targetOf, type Task, TASKS, widthOf } from '../domain/task';
import { takeJsonBodies } from './json-body';
import { answerKnownHosts } from './known-hosts';
import type { ServeLimits } from './limits';
import { inferResponse } from './infer-response';
import type { Predictor } from './predictor';
import { requestInputs } from './request-inputs';

export interface InferenceServerOptions {
  /** The one model's name: the endpoint's. */
  readonly model: string;
  readonly predictor: Predictor;
  readonly limits: ServeLimits;
  readonly release: string;
  /** What others reach it by, where that isn't an address of this machine. */
  readonly address?: string;
  /** Called for each request that is not answered, with its error's code. */
  readonly onRefused?: (code: ErrorCode) => void;
  /** Called for failures that are not the caller's fault. */
  readonly onFailure: (error: unknown) => void;
}

export const STATUS: Partial<Record<ErrorCode, number>> = {
  MLOPS_REQUEST_INVALID: 400,
  MLOPS_TRUTH_INVALID: 400,
  MLOPS_MODEL_UNKNOWN: 404,
  MLOPS_NOT_FOUND: 404,
  MLOPS_REQUEST_TOO_SLOW: 408,
  MLOPS_PREDICTION_CONFLICT: 409,
  MLOPS_TRUTH_CONFLICT: 409,
  MLOPS_REQUEST_TOO_LARGE: 413,
  MLOPS_CONTENT_TYPE: 415,
  MLOPS_VIEW_MISSING: 422,
  MLOPS_HOST_UNKNOWN: 421,
  MLOPS_SPOOL_FULL: 503,
  MLOPS_ENDPOINT_EMPTY: 503,
  MLOPS_VIEW_UNREADABLE: 503,
};

type Params = { readonly model: string; readonly version: string };

/** Not yet listening. */
export function createInferenceServer(options: InferenceServerOptions): FastifyInstance {
  const { model, predictor, limits, onRefused = () => undefined } = options;
  const server = Fastify({
    bodyLimit: limits.bodyBytes,
    requestTimeout: limits.requestMs,
    http: {
      // Above the request's, Node would exchange the two: its default is 60 s.
      headersTimeout: limits.requestMs,
      // Node looks for slow requests only this often, by default every 30 s.
      connectionsCheckingInterval: Math.min(1_000, limits.requestMs),
    },
    clientErrorHandler: (error, socket) => refuseConnection(error, socket, onRefused),
    logger: false,
  });
  answerKnownHosts(server, options.address);
  takeJsonBodies(server);
  const refuse = (reply: FastifyReply, error: unknown): void => {
    const { code, status, text } = refusalOf(error);
    onRefused(code);
    if (status === 500) options.onFailure(error);
    if (status === 503) reply.header('retry-after', '1');
    reply.code(status).send({ error: text.startsWith(code) ? text : `${code}: ${text}` });
  };
  server.setErrorHandler((error, _request, reply) => refuse(reply, error));
  server.setNotFoundHandler((request, reply) => {
    const where = { method: request.method, path: request.url.slice(0, 200) };
    refuse(reply, new MlopsError('MLOPS_NOT_FOUND', 'There is no such path.', where, ''));
  });

  const ready = () => predictor.serving !== undefined;
  const known = (name: string) => {
    if (name === model) return;
    throw new MlopsError(
      'MLOPS_MODEL_UNKNOWN',
      `This endpoint has no model ${JSON.stringify(name)}.`,
      { model: name },
      `It has ${model}.`
    );
  };

  server.get('/v2', () => ({ name: 'temporal-mlops', version: options.release, extensions: [] }));
  server.get('/v2/health/live', () => ({ live: true }));
  server.get('/v2/health/ready', (_request, reply) =>
    reply.code(ready() ? 200 : 503).send({ ready: ready(), live: true })
  );
  server.get<{ Params: Params }>('/v2/models/:model/ready', ({ params }, reply) => {
    known(params.model);
    return reply.code(ready() ? 200 : 503).send({ name: model, ready: ready() });
  });
  server.get<{ Params: Params }>('/v2/models/:model', ({ params }) => {
    known(params.model);
    const versions = servedVersions(predictor);
    return metadata(model, versions, versions[0]);
  });
  const versionOf = (params: Params): ServedVersion => {
    known(params.model);
    const versions = servedVersions(predictor);
    const version = versions.find(({ number }) => String(number) === params.version);
    if (version !== undefined) return version;
    const numbers = versions.map(({ number }) => number).join(' and ');
    const where = { model, version: params.version.slice(0, 80) };
    const fix = numbers === '' ? 'No version is deployed here yet.' : `It serves ${numbers}.`;
    throw new MlopsError('MLOPS_MODEL_UNKNOWN', 'This version is not served here.', where, fix);
  };
  server.get<{ Params: Params }>('/v2/models/:model/versions/:version', ({ params }) => {
    const version = versionOf(params);
    return metadata(model, [version], version);
  });
  server.get<{ Params: Params }>('/v2/models/:model/versions/:version/ready', ({ params }) => {
    versionOf(params);
    return { name: model, ready: true };
  });
  server.post<{ Params: Params }>('/v2/models/:model/infer', async ({ params, body }, reply) => {
    known(params.model);
    return reply.type(JSON_TYPE).send(inferResponse(model, await predictor.predict(body, new Date())));
  });
  server.post<{ Params: Params }>('/v2/models/:model/versions/:version/infer', async ({ params, body }, reply) => {
    const { number } = versionOf(params);
    return reply.type(JSON_TYPE).send(inferResponse(model, await predictor.predict(body, new Date(), number)));
  });
  server.post<{ Params: Params }>('/v2/models/:model/truth', async ({ params, body }, reply) => {
    known(params.model);
    const accepted = await predictor.learn(body, new Date());
    return reply.type(JSON_TYPE).send(`{"accepted":${accepted}}`);
  });
  return server;
}

const JSON_TYPE = 'application/json; charset=utf-8';

function servedVersions({ serving }: Predictor): readonly ServedVersion[] {
  const candidate = serving?.candidate?.model.version;
  return [
    ...(serving === undefined ? [] : [serving.champion.version]),
    ...(candidate === undefined ? [] : [candidate]),
  ];
}

function metadata(name: string, versions: readonly ServedVersion[], described: ServedVersion | undefined) {
  return {
    name,
    versions: versions.map(({ number }) => String(number)),
    platform: 'onnx_onnxv1',
    inputs: described === undefined ? [] : requestInputs([described]).map((input) => inputMetadata(input, described)),
    outputs:
      described === undefined
        ? []
        : TASKS[described.task.kind].outputs.map((output) => outputMetadata(output, described)),
    ...(described === undefined ? {} : { parameters: parametersOf(described) }),
  };
}

const outputMetadata = ({ name, datatype, perClass }: Output, { task }: ServedVersion) => ({
  name,
  datatype,
  shape: perClass ? [-1, widthOf(targetOf(task))] : [-1],
});

function parametersOf({ task, controlShare }: ServedVersion) {
  return {
    ...taskParameters(task),
    ...(controlShare === undefined ? {} : { control_share: controlShare }),
  };
}

function taskParameters(task: Task) {
  switch (task.kind) {
    case 'binary':
      return { decision_threshold: task.decisionThreshold };
    case 'number':
      return {};
    case 'classes':
      return { classes: task.classes };
    case 'labels':
      return { labels: task.labels, decision_threshold: task.decisionThreshold };
  }
}

function inputMetadata(input: ModelInput, { views = [] }: ServedVersion) {
  const view = views.find(({ gives }) => gives.includes(input.name))?.name;
  const names = views.filter(({ entity }) => entity.some(({ name }) => name === input.name)).map(({ name }) => name);
  const parameters = {
    ...(input.unit === 'us' ? { unit: 'microseconds since 1970-01-01T00:00:00Z' } : {}),
    ...(view === undefined ? {} : { given_by_view: view }),
    ...(names.length === 0 ? {} : { entity_of_views: names }),
  };
  const { name, datatype, width } = input;
  const shape = width === undefined ? [-1] : [-1, width];
  return { name, datatype, shape, ...(Object.keys(parameters).length === 0 ? {} : { parameters }) };
}

function refusalOf(error: unknown): { code: ErrorCode; status: number; text: string } {
  const code = errorCodeOf(error);
  const text = error instanceof Error ? error.message : String(error);
  if (code !== undefined) return { code, status: STATUS[code] ?? 500, text };
  const status = (error as { statusCode?: number }).statusCode ?? 500;
  if (status === 413) return { code: 'MLOPS_REQUEST_TOO_LARGE', status, text };
  if (status >= 400 && status < 500) return { code: 'MLOPS_REQUEST_INVALID', status, text };
  return { code: 'MLOPS_UNEXPECTED', status: 500, text: 'The server failed on this request; its log says why.' };
}

/** What Node refuses before there is a request. */
function refuseConnection(
  error: Error & { code?: string },
  socket: Socket,
  onRefused: (code: ErrorCode) => void
): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, refusal] = connectionRefusal(error.code);
  onRefused(refusal.code);
  const body = JSON.stringify({ error: refusal.message });
  const head = `content-type: ${JSON_TYPE}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close`;
  socket.end(`HTTP/1.1 ${status}\r\n${head}\r\n\r\n${body}`);
}

function connectionRefusal(code: string | undefined): readonly [status: string, refusal: MlopsError] {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    const what = 'The request did not arrive in time.';
    return ['408 Request Timeout', new MlopsError('MLOPS_REQUEST_TOO_SLOW', what, {}, 'Send it again.')];
  }
  if (code === 'HPE_HEADER_OVERFLOW') {
    const refusal = new MlopsError('MLOPS_REQUEST_TOO_LARGE', 'The headers are too long.', {}, 'Send shorter ones.');
    return ['431 Request Header Fields Too Large', refusal];
  }
  return ['400 Bad Request', new MlopsError('MLOPS_REQUEST_INVALID', 'This is not HTTP/1.1.', {}, '')];
}
