import type { IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { request } from 'undici';
import { loadModel } from '../../src/serve/loaded-model';
import { createInferenceServer } from '../../src/serve/server';
import { flightRequest, flightsVersion } from './flights-model';
import { flightsModel, openServing, type Serving } from './serving';

interface Client {
  readonly port: number;
  get(path: string): Promise<{ status: number; body: unknown }>;
  post(
    path: string,
    payload: unknown,
    headers?: Readonly<Record<string, string>>
  ): Promise<{ status: number; headers: IncomingHttpHeaders; body: Record<string, unknown> }>;
  close(): Promise<void>;
}

const failures: unknown[] = [];

async function listening({ predictor, limits }: Serving): Promise<Client> {
  const onFailure = (error: unknown) => failures.push(error);
  const server = createInferenceServer({ model: 'flights', predictor, limits, release: '1.2.3', onFailure });
  const address = await server.listen({ port: 0, host: '127.0.0.1' });
  return {
    get: async (path) => {
      const { statusCode, body } = await request(`${address}${path}`);
      return { status: statusCode, body: await body.json() };
    },
    post: async (path, payload, extra = {}) => {
      const text = typeof payload === 'string' ? payload : JSON.stringify(payload);
      const { statusCode, headers, body } = await request(`${address}${path}`, {
        method: 'POST',
        body: text,
        headers: { 'content-type': 'application/json', ...extra },
      });
      return { status: statusCode, headers, body: (await body.json()) as Record<string, unknown> };
    },
    port: Number(new URL(address).port),
    close: () => server.close(),
  };
}

/** What the server answers to these bytes, until it closes the connection. */
function raw(bytes: string, port = client.port): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes, 'latin1'));
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    socket.on('close', () => resolve(text)).on('error', reject);
  });
}

let serving: Serving;
let client: Client;

beforeAll(async () => {
  serving = openServing({ limits: { bodyBytes: 100_000, stringLength: 50, rows: 100 } });
  serving.predictor.take({ revision: 1, rolloutId: 'r', step: 'one', champion: await flightsModel(1) });
  client = await listening(serving);
});
afterAll(async () => {
  await client.close();
  await serving.close();
});

const get = (path: string) => client.get(path);
const post = (path: string, payload: unknown, headers?: Readonly<Record<string, string>>) =>
  client.post(path, payload, headers);
const infer = (payload: unknown, headers?: Readonly<Record<string, string>>) =>
  post('/v2/models/flights/infer', payload, headers);
const truth = (payload: unknown, headers?: Readonly<Record<string, string>>) =>
  post('/v2/models/flights/truth', payload, headers);

test('health and metadata are as the protocol says', async () => {
  expect(await get('/v2')).toEqual({ status: 200, body: { name: 'temporal-mlops', version: '1.2.3', extensions: [] } });
  expect(await get('/v2/health/live')).toEqual({ status: 200, body: { live: true } });
  expect(await get('/v2/health/ready')).toMatchObject({ status: 200, body: { ready: true } });
  expect(await get('/v2/models/flights/ready')).toMatchObject({ status: 200, body: { name: 'flights', ready: true } });
  const metadata = await get('/v2/models/flights');
  expect(metadata.body).toEqual({
    name: 'flights',
    versions: ['1'],
    platform: 'onnx_onnxv1',
    inputs: [
      {
        name: 'date',
        datatype: 'INT64',
        shape: [-1],
        parameters: { unit: 'microseconds since 1970-01-01T00:00:00Z' },
      },
      { name: 'distance', datatype: 'INT64', shape: [-1] },
      { name: 'origin', datatype: 'BYTES', shape: [-1] },
      { name: 'destination', datatype: 'BYTES', shape: [-1] },
    ],
    outputs: [
      { name: 'probability', datatype: 'FP32', shape: [-1] },
      { name: 'decision', datatype: 'INT64', shape: [-1] },
    ],
    parameters: { decision_threshold: 0.5 },
  });
  expect(await get('/v2/models/flights/versions/1')).toEqual(metadata);
});

test('an answer is a response of the protocol', async () => {
  const { status, headers, body } = await infer(flightRequest({ id: 'a1', eventTime: '2001-02-03T04:05:06+01:00' }));
  expect(status).toBe(200);
  expect(headers['content-type']).toMatch('application/json');
  expect(body).toEqual({
    model_name: 'flights',
    model_version: '1',
    id: 'a1',
    parameters: { version: 1, route: 'champion', predictions: ['a1'] },
    outputs: [
      { name: 'probability', shape: [1], datatype: 'FP32', data: [expect.any(Number)] },
      { name: 'decision', shape: [1], datatype: 'INT64', data: [expect.any(Number)] },
    ],
  });
});

test('only the outputs that are asked for are sent; nested data is taken', async () => {
  const inputs = flightRequest().inputs.map((input) => ({
    ...input,
    shape: [2, 1],
    data: [[input.data[0]], [input.data[0]]],
  }));
  const { body } = await infer({ inputs, outputs: [{ name: 'decision' }] });
  expect(body.outputs).toEqual([
    { name: 'decision', shape: [2], datatype: 'INT64', data: [expect.any(Number), expect.any(Number)] },
  ]);
});

test('optional fields may be null, which is as absent', async () => {
  const nulls = { id: null, outputs: null, parameters: { eventTime: null, key: null, synthetic: null } };
  const { status, body } = await infer({ ...flightRequest(), ...nulls });
  expect(status).toBe(200);
  expect(body.outputs).toHaveLength(2);
  expect((await infer({ ...flightRequest(), parameters: null })).status).toBe(200);
});

test('narrower numbers are widened', async () => {
  const { status, body } = await infer(withInput('distance', { datatype: 'INT32' }));
  expect(status).toBe(200);
  expect(body.outputs).toEqual((await infer(flightRequest())).body.outputs);
});

test('a version in the path is answered by that version', async () => {
  const two = openServing();
  const candidate = { model: await flightsModel(2), share: 0, shadow: false };
  two.predictor.take({ revision: 1, rolloutId: 'r', step: 'one', champion: await flightsModel(1), candidate });
  const other = await listening(two);
  for (const version of ['1', '2']) {
    expect(await other.get(`/v2/models/flights/versions/${version}/ready`)).toEqual({
      status: 200,
      body: { name: 'flights', ready: true },
    });
    const { status, body } = await other.post(`/v2/models/flights/versions/${version}/infer`, flightRequest());
    expect([status, body.model_version]).toEqual([200, version]);
  }
  const refused = { status: 404, body: { error: expect.stringMatching(/MLOPS_MODEL_UNKNOWN.*It serves 1 and 2/) } };
  expect(await other.post('/v2/models/flights/versions/3/infer', flightRequest())).toMatchObject(refused);
  expect(await other.get('/v2/models/flights/versions/3/ready')).toMatchObject(refused);
  await other.close();
  await two.close();
});

test('numbers that the model can’t compute with are the caller’s fault, and not counted as the model’s', async () => {
  const own = openServing();
  const { version, bytes } = flightsVersion(1);
  const inputs = version.inputs.map((input) =>
    input.name === 'distance' ? { ...input, datatype: 'FP64' as const } : input
  );
  own.predictor.take({
    revision: 1,
    rolloutId: 'r',
    step: 'one',
    champion: await loadModel({ ...version, inputs }, bytes),
  });
  const other = await listening(own);
  const send = (value: number, datatype = 'FP64') => {
    const changed = flightRequest().inputs.map((input) =>
      input.name === 'distance' ? { ...input, datatype, data: [value] } : input
    );
    return other.post('/v2/models/flights/infer', { inputs: changed });
  };
  expect(await send(1e200)).toMatchObject({
    status: 400,
    body: { error: expect.stringMatching(/distance is beyond ±3.4e38/) },
  });
  const right = await send(500.5);
  expect(right).toMatchObject({ status: 200 });
  // A narrower type is widened, to the same answer.
  const narrow = await send(500.5, 'FP32');
  expect([narrow.status, narrow.body.outputs]).toEqual([200, right.body.outputs]);
  expect(own.predictor.counts).toEqual({ 1: { requests: 2, errors: 0 } });
  await other.close();
  await own.close();
});

describe('only JSON from callers that mean it', () => {
  const text = JSON.stringify(flightRequest());
  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/octet-stream',
    'application/jsonx',
  ])('not %s', async (type) => {
    const refusal = {
      status: 415,
      body: { error: expect.stringMatching(/MLOPS_CONTENT_TYPE.*Send JSON with the header content-type/) },
    };
    expect(await infer(text, { 'content-type': type })).toMatchObject(refusal);
    expect(await truth('{"id":"20010203-a1","value":1}', { 'content-type': type })).toMatchObject(refusal);
  });

  test.each(['application/json', 'application/json; charset=utf-8', 'application/vnd.api+json'])('%s', async (type) => {
    expect((await infer(text, { 'content-type': type })).status).toBe(200);
  });

  test('no content type at all is refused, and nothing is kept', async () => {
    const before = (await serving.records()).length;
    const bare = await raw(
      `POST /v2/models/flights/infer HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: ${text.length}\r\n\r\n${text}`
    );
    expect(bare).toMatch(/^HTTP\/1.1 415 .*MLOPS_CONTENT_TYPE/s);
    expect(await serving.records()).toHaveLength(before);
  });

  test('an encoded body says what is taken', async () => {
    expect(await infer(text, { 'content-encoding': 'gzip' })).toMatchObject({
      status: 415,
      body: {
        error: expect.stringMatching(/MLOPS_CONTENT_TYPE: Encoded bodies are not taken.*gzip.*Send it uncompressed/),
      },
    });
    expect(await infer(text, { 'content-encoding': 'identity' })).toMatchObject({ status: 200 });
    expect(await infer(text, { 'inference-header-content-length': '10' })).toMatchObject({
      status: 415,
      body: { error: expect.stringMatching(/Binary tensor data is not taken/) },
    });
  });

  test('a body that is not UTF-8 is refused', async () => {
    const latin = Buffer.from(text.replace('A01', 'Zürich'), 'latin1').toString('latin1');
    const head = `POST /v2/models/flights/infer HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\n`;
    expect(await raw(`${head}content-length: ${latin.length}\r\n\r\n${latin}`)).toMatch(/ 400 .*not UTF-8/s);
  });
});

describe('over loopback only hosts of this machine are answered', () => {
  const asked = (host: string) => raw(`GET /v2/health/live HTTP/1.1\r\nhost: ${host}\r\nconnection: close\r\n\r\n`);
  test.each(['localhost', 'localhost:8080', '127.0.0.1', '127.0.0.1:9', '[::1]:8080', 'LOCALHOST'])(
    '%s',
    async (host) => {
      expect(await asked(host)).toMatch(/^HTTP\/1.1 200 /);
    }
  );
  test.each(['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example:80', '169.254.169.254', ''])(
    'not %s',
    async (host) => {
      expect(await asked(host)).toMatch(/^HTTP\/1.1 421 .*MLOPS_HOST_UNKNOWN/s);
    }
  );

  test('the address that the replica was given is answered too', async () => {
    const { predictor, limits } = serving;
    const named = { model: 'flights', predictor, limits, release: '1', address: 'https://scores.example.com:444' };
    const server = createInferenceServer({ ...named, onFailure: () => {} });
    const address = await server.listen({ port: 0, host: '127.0.0.1' });
    const status = async (host: string) =>
      (await request(`${address}/v2/health/live`, { headers: { host } })).statusCode;
    expect([await status('scores.example.com'), await status('other.example.com')]).toEqual([200, 421]);
    await server.close();
  });
});

test('a body that comes too slowly is cut off in time, with its code', async () => {
  const slow = openServing({ limits: { requestMs: 300 } });
  const other = await listening(slow);
  const began = Date.now();
  const answer = await raw(
    'POST /v2/models/flights/infer HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{',
    other.port
  );
  expect(answer).toMatch(/^HTTP\/1.1 408 .*MLOPS_REQUEST_TOO_SLOW/s);
  // Node.js itself looks every 30 s.
  expect(Date.now() - began).toBeLessThan(20_000);
  await other.close();
  await slow.close();
});

test('headers that are too long, and what is not HTTP, get a code', async () => {
  expect(await raw(`GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`)).toMatch(
    /^HTTP\/1.1 431 .*MLOPS_REQUEST_TOO_LARGE/s
  );
  expect(await raw('hello\r\n\r\n')).toMatch(/^HTTP\/1.1 400 .*MLOPS_REQUEST_INVALID/s);
});

test('null is a missing value', async () => {
  expect((await infer(flightRequest({ distance: null, origin: null }))).status).toBe(200);
});

test('null is refused where the model has never seen a missing value', async () => {
  const strict = openServing();
  const model = await flightsModel(1);
  const inputs = model.version.inputs.map((input) =>
    input.name === 'distance' ? { ...input, required: true as const } : input
  );
  strict.predictor.take({
    revision: 1,
    rolloutId: 'r',
    step: 'one',
    champion: { ...model, version: { ...model.version, inputs } },
  });
  const other = await listening(strict);
  const refused = await other.post('/v2/models/flights/infer', flightRequest({ distance: null }));
  expect(refused).toMatchObject({
    status: 400,
    body: { error: expect.stringMatching(/distance may not be missing.*row=0/) },
  });
  expect((await other.post('/v2/models/flights/infer', flightRequest({ origin: null }))).status).toBe(200);
  await other.close();
  await strict.close();
});

const withInput = (name: string, change: object) => ({
  ...flightRequest(),
  inputs: flightRequest().inputs.map((input) => (input.name === name ? { ...input, ...change } : input)),
});
const base = flightRequest();
/** The request as text, `@` being 5,000 arrays in each other. */
const nested = (part: string, by: string) =>
  JSON.stringify(base).replace(part, by.replace('@', '['.repeat(5_000) + ']'.repeat(5_000)));

describe('a request that is not what the model takes', () => {
  test.each<[string, unknown, number, RegExp]>([
    ['broken JSON', '{"inputs": [', 400, /MLOPS_REQUEST_INVALID: The body is not JSON/],
    ['no body', '', 400, /not JSON/],
    ['an array', [], 400, /not a JSON object/],
    ['null', 'null', 400, /not a JSON object/],
    ['no inputs', {}, 400, /inputs is not an array/],
    ['a missing input', { inputs: base.inputs.slice(1) }, 400, /Input date is missing\. .*Send it; null/],
    [
      'an unknown input',
      { inputs: [...base.inputs, { name: 'wind', shape: [1], datatype: 'FP64', data: [1] }] },
      400,
      /no input "wind"/,
    ],
    ['an input twice', { inputs: [...base.inputs, base.inputs[0]] }, 400, /"date" is there twice/],
    ['an input without a name', { inputs: [{ shape: [1] }] }, 400, /inputs\[0\] has no name/],
    ['an input that is null', { inputs: [null] }, 400, /inputs\[0\] has no name/],
    ['a wrong datatype', withInput('distance', { datatype: 'FP32' }), 400, /distance has datatype "FP32".*Send INT64/],
    [
      'a datatype of 5,000 arrays',
      nested('"datatype":"INT64","data":[500]', '"datatype":@,"data":[500]'),
      400,
      /datatype an array/,
    ],
    ['an output of 5,000 arrays', nested('"parameters":{}', '"outputs":[{"name":@}]'), 400, /no output an array/],
    [
      'milliseconds for a time',
      withInput('date', { data: [981_173_106_000] }),
      400,
      /date is in microseconds since 1970; 981173106000 looks like milliseconds\. .*row=0.* by 1,000\./,
    ],
    ['seconds for a time', withInput('date', { data: [981_173_106] }), 400, /looks like seconds\. .* by 1,000,000\./],
    [
      'binary data',
      withInput('distance', { data: undefined, parameters: { binary_data_size: 8 } }),
      400,
      /Binary tensor data is not taken.*Send and expect JSON/,
    ],
    ['a binary answer', { ...base, parameters: { binary_data_output: true } }, 400, /Binary tensor data is not taken/],
    [
      'a day that there is not',
      { ...base, parameters: { eventTime: '2023-02-29T10:00:00Z' } },
      400,
      /parameters.eventTime is not a time/,
    ],
    [
      'a NaN token',
      JSON.stringify(base).replace('[500]', '[NaN]'),
      400,
      /JSON has no NaN\. Send null for a missing value/,
    ],
    ['-Infinity', JSON.stringify(base).replace('[500]', '[-Infinity]'), 400, /JSON has no -Infinity/],
    ['a byte order mark', `\uFEFF${JSON.stringify(base)}`, 400, /byte order mark.*Send it without/],
    ['a wrong shape', withInput('distance', { shape: [1, 2] }), 400, /distance has a shape/],
    ['no rows', withInput('distance', { shape: [0], data: [] }), 400, /distance has a shape/],
    ['a shape that data does not fill', withInput('distance', { shape: [2] }), 400, /doesn't fill its shape/],
    ['another number of rows', withInput('distance', { shape: [2], data: [1, 2] }), 400, /another number of rows/],
    ['data that is a number', withInput('distance', { data: 5 }), 400, /distance has no data/],
    [
      'infinity',
      JSON.stringify(base).replace('"data":[500]', '"data":[1e999]'),
      400,
      /distance is not an integer.*row=0/,
    ],
    ['a fraction for an integer', withInput('distance', { data: [1.5] }), 400, /distance is not an integer/],
    ['an integer beyond 2^53', withInput('date', { data: [2 ** 60] }), 400, /date is not an integer/],
    ['text for a number', withInput('distance', { data: ['500'] }), 400, /distance is not an integer/],
    ['a number for text', withInput('origin', { data: [7] }), 400, /origin is not a string/],
    ['a NUL', withInput('origin', { data: ['A\0B'] }), 400, /origin has a NUL/],
    ['half a character', withInput('origin', { data: ['\ud800'] }), 400, /origin has a NUL or half/],
    ['nested too deep', withInput('distance', { shape: [1, 1], data: [[[5]]] }), 400, /distance is not an integer/],
    ['an unknown output', { ...base, outputs: [{ name: 'logit' }] }, 400, /no output "logit"/],
    ['outputs that are no list', { ...base, outputs: 'all' }, 400, /outputs is not an array/],
    ['an id with a slash', { ...base, id: 'a/b' }, 400, /id is not an id/],
    ['an id that is a number', { ...base, id: 7 }, 400, /id is not an id/],
    ['parameters that are a list', { ...base, parameters: [] }, 400, /parameters is not an object/],
    [
      'an event time without a zone',
      { ...base, parameters: { eventTime: '2001-02-03T04:05:06' } },
      400,
      /parameters.eventTime is not a time/,
    ],
    [
      'an event time that is none',
      { ...base, parameters: { eventTime: '2001-13-03T04:05:06Z' } },
      400,
      /parameters.eventTime/,
    ],
    ['an empty key', { ...base, parameters: { key: '' } }, 400, /parameters.key/],
    ['a probe that is a word', { ...base, parameters: { synthetic: 'yes' } }, 400, /parameters.synthetic/],
    [
      'too many rows',
      withInput('distance', { shape: [101], data: Array(101).fill(1) }),
      413,
      /MLOPS_REQUEST_TOO_LARGE/,
    ],
    ['a million rows that are not there', withInput('distance', { shape: [1e6] }), 413, /MLOPS_REQUEST_TOO_LARGE/],
    ['a string that is too long', withInput('origin', { data: ['x'.repeat(51)] }), 413, /string that is too long/],
    ['a body that is too large', { ...base, padding: 'x'.repeat(200_000) }, 413, /MLOPS_REQUEST_TOO_LARGE/],
    ['keys of the prototype', '{"__proto__": {"inputs": []}, "inputs": 1}', 400, /inputs is not an array/],
  ])('%s is refused by name', async (_, payload, status, message) => {
    const answer = await infer(payload);
    expect(answer.body).toEqual({ error: expect.stringMatching(message) });
    expect(answer.status).toBe(status);
    expect((await infer(flightRequest())).status).toBe(200);
  });

  test('leaves no record', async () => {
    const before = (await serving.records()).length;
    await infer(withInput('distance', { data: ['x'] }));
    expect(await serving.records()).toHaveLength(before);
  });
});

describe('a truth', () => {
  test('is taken alone and in numbers', async () => {
    const one = { id: 'b1', value: 1, eventTime: '2001-02-04T00:00:00Z' };
    expect((await truth(one)).body).toEqual({ accepted: 1 });
    expect((await truth({ truths: [one, { ...one, revision: 1, value: 0 }] })).body).toEqual({ accepted: 2 });
  });

  test('takes a time and a revision that are null as absent', async () => {
    const absent = { id: 'b2', value: 0, eventTime: null, revision: null };
    expect((await truth(absent)).body).toEqual({ accepted: 1 });
    expect((await truth({ id: 'b2', value: 0 })).body).toEqual({ accepted: 1 });
  });

  test('that contradicts the first one is 409, which names its value; with a revision it is taken', async () => {
    await truth({ id: 'b3', value: 1 });
    expect(await truth({ id: 'b3', value: 0 })).toMatchObject({
      status: 409,
      body: { error: expect.stringMatching(/^MLOPS_TRUTH_CONFLICT.*id=b3.*first=1.*"revision": 1/) },
    });
    expect((await truth({ id: 'b3', value: 0, revision: 1 })).body).toEqual({ accepted: 1 });
    const both = {
      truths: [
        { id: 'b4', value: 1 },
        { id: 'b4', value: 0 },
      ],
    };
    expect((await truth(both)).status).toBe(409);
    // Nothing of it was taken.
    expect((await truth({ id: 'b4', value: 0 })).body).toEqual({ accepted: 1 });
  });

  test('names a row of its request: one that this replica knows not to be there is refused', async () => {
    const three = flightRequest({ id: 'three', eventTime: '2001-02-03T04:05:06Z' });
    const inputs = three.inputs.map((input) => ({ ...input, shape: [3], data: Array(3).fill(input.data[0]) }));
    const { body } = await infer({ ...three, inputs });
    expect(body.id).toBe('three');
    expect(body.parameters).toMatchObject({ predictions: ['three/0', 'three/1', 'three/2'] });
    for (const id of ['three', 'three/3', 'three/9']) {
      expect(await truth({ id, value: 1 })).toMatchObject({
        status: 400,
        body: { error: expect.stringMatching(/request three has 3 rows: three\/0 to three\/2/) },
      });
    }
    expect((await truth({ id: 'three/2', value: 1 })).body).toEqual({ accepted: 1 });
    await infer(flightRequest({ id: 'alone' }));
    expect((await truth({ id: 'alone/0', value: 1 })).status).toBe(400);
    expect((await truth({ id: 'alone', value: 1 })).body).toEqual({ accepted: 1 });
  });

  test('of a batch whose id was made here names its rows, too', async () => {
    const inputs = flightRequest().inputs.map((input) => ({
      ...input,
      shape: [2],
      data: Array(2).fill(input.data[0]),
    }));
    const { body } = await infer({ inputs });
    expect((await truth({ id: `${body.id as string}/2`, value: 1 })).status).toBe(400);
    expect((await truth({ id: `${body.id as string}/1`, value: 1 })).status).toBe(200);
  });

  test.each<[string, unknown, number, RegExp]>([
    ['broken JSON', '{', 400, /not JSON/],
    ['a list', [], 400, /MLOPS_TRUTH_INVALID: The body is not a JSON object/],
    ['no id', { value: 1 }, 400, /id is not a prediction's id/],
    ['an id that is none', { id: 'a/b', value: 1 }, 400, /parameters.predictions of the answer/],
    ['no value', { id: 'b1' }, 400, /value is not a value of the label.*found=nothing/],
    ['a value that is text', { id: 'b1', value: '1' }, 400, /value is not a value of the label/],
    ['2', { id: 'b1', value: 2 }, 400, /value is not a value of the label.*id=b1.*Send 0 or 1/],
    ['0.5', { id: 'b1', value: 0.5 }, 400, /Send 0 or 1/],
    ['-1', { id: 'b1', value: -1 }, 400, /Send 0 or 1/],
    ['1e308', { id: 'b1', value: 1e308 }, 400, /Send 0 or 1/],
    [
      'an event time that is none',
      { id: 'b1', value: 1, eventTime: 'soon' },
      400,
      /MLOPS_TRUTH_INVALID: eventTime is not a time/,
    ],
    ['a negative revision', { id: 'b1', value: 1, revision: -1 }, 400, /revision/],
    ['no truths', { truths: [] }, 400, /truths is not an array, or empty/],
    ['a bad one among good ones', { truths: [{ id: 'b1', value: 1 }, { id: '/' }] }, 400, /truths\[1\].id/],
    ['a truth that is null', { truths: [null] }, 400, /truths\[0\] is not an object/],
    ['too many', { truths: Array(101).fill({}) }, 413, /MLOPS_REQUEST_TOO_LARGE/],
  ])('%s is refused by name', async (_, payload, status, message) => {
    const answer = await truth(payload);
    expect(answer.body).toEqual({ error: expect.stringMatching(message) });
    expect(answer.status).toBe(status);
  });
});

test('an unknown model, version or path is 404, in words', async () => {
  expect(await post('/v2/models/other/infer', base)).toMatchObject({
    status: 404,
    body: { error: expect.stringMatching(/MLOPS_MODEL_UNKNOWN.*It has flights/) },
  });
  expect(await post('/v2/models/other/truth', {})).toMatchObject({ status: 404 });
  expect(await get('/v2/models/other')).toMatchObject({ status: 404 });
  expect(await get('/v2/models/flights/versions/9')).toMatchObject({
    status: 404,
    body: { error: expect.stringMatching(/MLOPS_MODEL_UNKNOWN/) },
  });
  expect(await get('/metrics')).toMatchObject({
    status: 404,
    body: { error: expect.stringMatching(/^MLOPS_NOT_FOUND/) },
  });
});

test('the same id with other inputs is 409', async () => {
  await infer(flightRequest({ id: 'c', eventTime: '2001-02-03T00:00:00Z' }));
  const answer = await infer(flightRequest({ id: 'c', eventTime: '2001-02-03T00:00:00Z', distance: 1 }));
  expect(answer).toMatchObject({
    status: 409,
    body: { error: expect.stringMatching(/^MLOPS_PREDICTION_CONFLICT.*id=c/) },
  });
});

test('a full spool answers 503 and says when to come back', async () => {
  const full = openServing({ spoolBytes: 600 });
  full.predictor.take({ revision: 1, rolloutId: 'r', step: 'one', champion: await flightsModel(1) });
  const other = await listening(full);
  expect((await other.post('/v2/models/flights/infer', base)).status).toBe(200);
  const refused = await other.post('/v2/models/flights/infer', base);
  expect(refused).toMatchObject({ status: 503, body: { error: expect.stringMatching(/^MLOPS_SPOOL_FULL/) } });
  expect(refused.headers['retry-after']).toBe('1');
  const truths = Array(9).fill({ id: 'a', value: 1 });
  expect((await other.post('/v2/models/flights/truth', { truths })).status).toBe(503);
  await other.close();
  await full.close();
});

test('an endpoint with nothing to serve lives, is not ready, and answers 503', async () => {
  const empty = openServing();
  const other = await listening(empty);
  expect((await other.get('/v2/health/live')).status).toBe(200);
  expect((await other.get('/v2/health/ready')).status).toBe(503);
  expect((await other.get('/v2/models/flights/ready')).status).toBe(503);
  expect((await other.get('/v2/models/flights')).body).toMatchObject({ versions: [], inputs: [] });
  const answer = await other.post('/v2/models/flights/infer', base);
  expect(answer).toMatchObject({ status: 503, body: { error: expect.stringMatching(/^MLOPS_ENDPOINT_EMPTY/) } });
  await other.close();
  await empty.close();
});

test('none of this was a failure of the server', () => {
  expect(failures).toEqual([]);
});
