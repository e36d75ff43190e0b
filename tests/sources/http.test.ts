/** Files over HTTP, from servers that behave and from those that don't. */
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MlopsError } from '../../src/domain/errors';
import type { Digest } from '../../src/domain/refs';
import { digestOfBytes } from '../../src/runtime/digest';
import type { HttpConnection } from '../../src/sources/connections';
import { type Fetched, fetchFile } from '../../src/sources/fetch-file';
import { httpFiles } from '../../src/sources/http';
import { PART_BYTES, SourceCache } from '../../src/sources/source-cache';
import { serving, type TestServer } from '../support/http-server';

const TEXT = 'at,celsius\n2026-01-01T00:00:00Z,20\n';
/** Three parts and a bit, nowhere alike. */
const LARGE = Buffer.concat(
  Array.from({ length: 3.25 * (PART_BYTES / 2 ** 16) }, (_, i) => createHash('sha512').update(`${i}`).digest()).map(
    (block) => Buffer.concat(Array.from({ length: 1024 }, () => block))
  )
);

let folder: string;
let cache: SourceCache;
let servers: { close(): Promise<void> }[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mlops-http-'));
  cache = new SourceCache(folder);
  await cache.prepare();
  servers = [];
});
afterEach(async () => {
  await Promise.all(servers.map((server) => server.close()));
  await rm(folder, { recursive: true, force: true });
});

async function server(...args: Parameters<typeof serving>): Promise<TestServer> {
  const started = await serving(...args);
  servers.push(started);
  return started;
}

/** For what no HTTP server of Node's would send. */
async function rawServer(answer: string): Promise<string> {
  const raw: Server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(answer));
  });
  await new Promise<void>((resolve) => raw.listen(0, '127.0.0.1', resolve));
  servers.push({ close: () => new Promise((resolve) => raw.close(() => resolve())) });
  return `http://127.0.0.1:${(raw.address() as AddressInfo).port}`;
}

interface Options extends Partial<HttpConnection> {
  readonly left?: number;
  readonly silenceMs?: number;
  readonly signal?: AbortSignal;
  readonly stored?: ReadonlySet<Digest>;
  readonly onBytes?: (bytes: number) => void;
  readonly path?: string;
}

let files = 0;

/** As an attempt does: what is whole is stored and remembered. */
async function fetched(url: string, options: Options = {}): Promise<Fetched & { readonly to: string }> {
  const {
    left = 1e9,
    silenceMs = 5_000,
    signal,
    stored,
    onBytes = () => undefined,
    path = 'data.csv',
    ...rest
  } = options;
  const connection: HttpConnection = { kind: 'http', address: url, allow: ['loopback'], ...rest };
  const rules = { connection: 'lab', allow: connection.allow ?? [], ownServers: [] };
  const [remote] = httpFiles({ connection: 'lab', path: [path], format: 'csv' }, connection, rules);
  const to = join(folder, `to-${(files += 1)}`);
  const isStored = async (digest: Digest) => stored?.has(digest) ?? false;
  const request = { cache, to, left, silenceMs, signal: signal ?? new AbortController().signal, isStored, onBytes };
  const found = await fetchFile(remote!, request);
  const { digest, bytes, identity } = found;
  if (found.isNew) await cache.remember(remote!.key, identity === undefined ? undefined : { identity, digest, bytes });
  return { ...found, to };
}

async function failure(fetching: Promise<unknown>): Promise<MlopsError> {
  return fetching.then(
    () => {
      throw new Error('it was fetched');
    },
    (error: MlopsError) => error
  );
}

async function partsKept(): Promise<number> {
  const names = await readdir(join(folder, 'sources'), { recursive: true });
  return names.filter((name) => /\/\d{6}-[0-9a-f]{64}$/.test(name)).length;
}

test('a file is its bytes; what the connection declares is sent, and no packing is asked for', async () => {
  process.env.MLOPS_TEST_TOKEN = 'Bearer s3cret';
  const { url, asked } = await server((_, response) => response.end(TEXT));
  const headers = { authorization: { env: 'MLOPS_TEST_TOKEN' } };
  const found = await fetched(`${url}/exports`, { path: 'day/data.csv?city=oslo', headers });
  expect(found).toMatchObject({ digest: digestOfBytes(Buffer.from(TEXT)), bytes: TEXT.length, isNew: true });
  expect(await readFile(found.to, 'utf8')).toBe(TEXT);
  expect(asked[0]).toMatchObject({
    method: 'GET',
    url: '/exports/day/data.csv?city=oslo',
    headers: { authorization: 'Bearer s3cret', 'accept-encoding': 'identity' },
  });
});

describe('what is known already is not fetched again', () => {
  const etag = '"v1"';
  const modified = 'Thu, 01 Jan 2026 00:00:00 GMT';

  test.each([
    ['an ETag', { etag }, { 'if-none-match': etag }],
    ['a weak ETag', { etag: 'W/"v1"' }, { 'if-none-match': 'W/"v1"' }],
    ['a time of its last change', { 'last-modified': modified }, { 'if-modified-since': modified }],
  ])('by %s', async (_, sent, condition) => {
    const { url, asked } = await server((request, response) => {
      const same = request.headers['if-none-match'] ?? request.headers['if-modified-since'];
      response.writeHead(same === undefined ? 200 : 304, sent).end(same === undefined ? TEXT : undefined);
    });
    const first = await fetched(url);
    const stored = new Set([first.digest]);
    expect(await fetched(url, { stored })).toMatchObject({ digest: first.digest, bytes: TEXT.length, isNew: false });
    expect(asked[1]?.headers).toMatchObject(condition);
    // Nobody has these bytes any more.
    expect(await fetched(url)).toMatchObject({ digest: first.digest, isNew: true });
  });

  test('from a server that knows no conditions, its answer is left unread', async () => {
    let sent = 0;
    const { url } = await server((_, response) => {
      response.writeHead(200, { etag });
      response.write(TEXT);
      sent += 1;
      // The second answer never ends.
      if (sent === 1) response.end();
    });
    const { digest } = await fetched(url);
    expect(await fetched(url, { stored: new Set([digest]) })).toMatchObject({ digest, isNew: false });
  });

  test('a change within the last minute may be followed by another in the same second: it is fetched again', async () => {
    const { url, asked } = await server((_, response) =>
      response.writeHead(200, { 'last-modified': new Date().toUTCString() }).end(TEXT)
    );
    const { digest } = await fetched(url);
    expect(await fetched(url, { stored: new Set([digest]) })).toMatchObject({ isNew: true });
    expect(asked[1]?.headers['if-modified-since']).toBeUndefined();
  });

  test('another address, or another connection, is another file', async () => {
    const old = await server((_, response) => response.writeHead(200, { etag }).end(TEXT));
    const other = await server((_, response) => response.writeHead(200, { etag }).end('at,celsius\n'));
    const { digest } = await fetched(old.url);
    expect(await fetched(other.url, { stored: new Set([digest]) })).toMatchObject({ isNew: true });
  });
});

describe('a file that was cut off', () => {
  const etag = '"large"';

  /** Breaks the first answer off within the third part. */
  function breaking(rest: (range: string | undefined, response: ServerResponse) => void) {
    let first = true;
    return server((request, response) => {
      if (!first) return rest(request.headers.range, response);
      first = false;
      response.writeHead(200, { etag, 'content-length': LARGE.length });
      response.write(LARGE.subarray(0, 2.5 * PART_BYTES), () => response.destroy());
    });
  }

  function honoured(range: string | undefined, response: ServerResponse, tag = etag): void {
    const from = Number(/^bytes=(\d+)-$/.exec(range ?? '')?.[1] ?? 0);
    const headers = { etag: tag, 'content-range': `bytes ${from}-${LARGE.length - 1}/${LARGE.length}` };
    response.writeHead(206, headers).end(LARGE.subarray(from));
  }

  test('goes on after its last finished part, if it is still the same', async () => {
    const { url, asked } = await breaking((range, response) => honoured(range, response));
    expect(await failure(fetched(url))).toMatchObject({ code: 'MLOPS_SOURCE_AWAY' });
    expect(await partsKept()).toBe(2);
    const seen: number[] = [];
    const found = await fetched(url, { onBytes: (bytes) => seen.push(bytes) });
    expect(asked[1]?.headers).toMatchObject({ range: `bytes=${2 * PART_BYTES}-`, 'if-range': etag });
    expect(seen[0]).toBeGreaterThan(2 * PART_BYTES);
    expect(found).toMatchObject({ digest: digestOfBytes(LARGE), bytes: LARGE.length });
    expect(digestOfBytes(await readFile(found.to))).toBe(found.digest);
    expect(await partsKept()).toBe(0);
  });

  test('a part that is damaged, and all after it, is fetched again', async () => {
    const { url, asked } = await breaking((range, response) => honoured(range, response));
    await failure(fetched(url));
    const names = await readdir(join(folder, 'sources'), { recursive: true });
    const second = names.find((name) => name.includes('/000001-'))!;
    await writeFile(join(folder, 'sources', second), Buffer.alloc(PART_BYTES));
    expect(await fetched(url)).toMatchObject({ digest: digestOfBytes(LARGE) });
    expect(asked[1]?.headers.range).toBe(`bytes=${PART_BYTES}-`);
  });

  test.each<readonly [string, (range: string | undefined, response: ServerResponse) => void]>([
    ['the server sends the whole file', (_, response) => response.writeHead(200, { etag }).end(LARGE)],
    ['the file has changed', (_, response) => response.writeHead(200, { etag: '"new"' }).end(LARGE)],
    [
      'the server answers 206 with other bytes than were asked for',
      (range, response) => {
        if (range === undefined) response.writeHead(200, { etag }).end(LARGE);
        else response.writeHead(206, { etag, 'content-range': `bytes 0-9/${LARGE.length}` }).end('wrong here');
      },
    ],
    [
      'the server answers 206 of another state of the file',
      (range, response) => {
        if (range === undefined) response.writeHead(200, { etag }).end(LARGE);
        else honoured(range, response, '"new"');
      },
    ],
    [
      'the server answers 416',
      (range, response) => {
        if (range === undefined) response.writeHead(200, { etag }).end(LARGE);
        else response.writeHead(416).end();
      },
    ],
  ])('is fetched from its beginning where %s', async (_, rest) => {
    const { url } = await breaking(rest);
    await failure(fetched(url));
    const found = await fetched(url);
    expect(found).toMatchObject({ digest: digestOfBytes(LARGE), bytes: LARGE.length });
    expect((await stat(found.to)).size).toBe(LARGE.length);
  });

  test('without a strong ETag nothing of it is kept', async () => {
    const { url } = await server((_, response) => {
      response.writeHead(200, { etag: 'W/"large"', 'content-length': LARGE.length });
      response.write(LARGE.subarray(0, 2.5 * PART_BYTES), () => response.destroy());
    });
    await failure(fetched(url));
    expect(await partsKept()).toBe(0);
  });

  test("what is kept is the worker's alone", async () => {
    const { url } = await breaking((range, response) => honoured(range, response));
    await failure(fetched(url));
    for (const name of ['', ...(await readdir(join(folder, 'sources'), { recursive: true }))])
      expect((await stat(join(folder, 'sources', name))).mode & 0o077).toBe(0);
  });
});

describe('a server that misbehaves is an error that names the address without its query', () => {
  const lies = 'HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\n';

  test.each([
    ['says more bytes than it sends', `${lies}Content-Length: 500\r\n\r\nat,celsius\n`, 'MLOPS_SOURCE_AWAY'],
    ['sends more bytes than it says', `${lies}Content-Length: 3\r\n\r\nat,celsius\n`, 'MLOPS_SOURCE_UNREADABLE'],
    ['ends in the middle of a chunk', `${lies}Transfer-Encoding: chunked\r\n\r\nff\r\nat,`, 'MLOPS_SOURCE_AWAY'],
    ['does not speak HTTP', 'SSH-2.0-OpenSSH_9.6\r\n', 'MLOPS_SOURCE_UNREADABLE'],
    ['says two lengths', `${lies}Content-Length: 3\r\nContent-Length: 4\r\n\r\nat,c`, 'MLOPS_SOURCE_UNREADABLE'],
    ['sends nothing', '', 'MLOPS_SOURCE_AWAY'],
  ])('it %s', async (_, answer, code) => {
    const url = await rawServer(answer);
    const found = await failure(fetched(url, { path: 'data.csv?token=s3cret' }));
    expect(found).toMatchObject({ code, where: { url: `${url}/data.csv` } });
    expect(found.message).not.toContain('s3cret');
  });

  test.each([
    [401, 'MLOPS_SOURCE_REFUSED'],
    [403, 'MLOPS_SOURCE_REFUSED'],
    [404, 'MLOPS_SOURCE_MISSING'],
    [410, 'MLOPS_SOURCE_MISSING'],
    [418, 'MLOPS_SOURCE_UNREADABLE'],
    [204, 'MLOPS_SOURCE_UNREADABLE'],
    [206, 'MLOPS_SOURCE_UNREADABLE'],
    [304, 'MLOPS_SOURCE_UNREADABLE'],
    [429, 'MLOPS_SOURCE_AWAY'],
    [500, 'MLOPS_SOURCE_AWAY'],
    [503, 'MLOPS_SOURCE_AWAY'],
  ])('it answers %i', async (status, code) => {
    const { url } = await server((_, response) => response.writeHead(status).end());
    expect(await failure(fetched(url))).toMatchObject({ code, where: { url: `${url}/data.csv`, status } });
  });

  test('it packs its answer although it was asked not to', async () => {
    const { url } = await server((_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(TEXT));
    const found = await failure(fetched(url));
    expect(found).toMatchObject({ code: 'MLOPS_SOURCE_UNREADABLE' });
    expect(found.message).toContain('content-encoding gzip');
  });

  test.each([
    ['before its answer', () => undefined],
    ['within its answer', (response: ServerResponse) => response.write('at,celsius\n')],
  ])('it stalls %s', async (_, begin) => {
    const { url } = await server((_request, response) => {
      begin(response);
    });
    const found = await failure(fetched(url, { silenceMs: 200 }));
    expect(found).toMatchObject({ code: 'MLOPS_SOURCE_AWAY', where: { file: 'data.csv' } });
    expect(found.message).toContain('200 ms');
  });

  test('it never ends', async () => {
    const { url } = await server((_, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write(LARGE.subarray(0, 2 ** 16)));
        response.once('drain', more);
      };
      more();
    });
    expect(await failure(fetched(url, { left: 5e6 }))).toMatchObject({ code: 'MLOPS_SOURCE_TOO_LARGE' });
  });

  test('it says that it has more than may be: nothing is read', async () => {
    const { url } = await server((_, response) => response.writeHead(200, { 'content-length': 6e6 }).flushHeaders());
    expect(await failure(fetched(url, { left: 5e6 }))).toMatchObject({ code: 'MLOPS_SOURCE_TOO_LARGE' });
  });

  test('it sends no byte', async () => {
    const { url } = await server((_, response) => response.end());
    expect(await failure(fetched(url))).toMatchObject({ code: 'MLOPS_SOURCE_EMPTY' });
  });

  test('nobody listens', async () => {
    const gone = await serving((_, response) => response.end());
    await gone.close();
    expect(await failure(fetched(gone.url))).toMatchObject({ code: 'MLOPS_SOURCE_AWAY' });
  });
});

test('a cancellation closes the socket at once', async () => {
  let closed: Promise<unknown> | undefined;
  const { url } = await server((request, response) => {
    closed = new Promise((resolve) => request.socket.once('close', resolve));
    response.write(TEXT);
  });
  const controller = new AbortController();
  const fetching = failure(
    fetched(url, { signal: controller.signal, onBytes: () => controller.abort(new Error('cancelled')) })
  );
  expect(await fetching).toMatchObject({ message: 'cancelled' });
  await closed;
});

describe('redirects', () => {
  const secret = { authorization: { env: 'MLOPS_TEST_TOKEN' } };
  beforeAll(() => {
    process.env.MLOPS_TEST_TOKEN = 'Bearer s3cret';
  });

  test('lead to origins that the connection declares, without its secret', async () => {
    const other = await server((_, response) => response.end(TEXT));
    const { url } = await server((_, response) =>
      response.writeHead(302, { location: `${other.url}/signed?token=1` }).end()
    );
    const found = await fetched(url, { redirectsTo: [other.url], headers: secret });
    expect(found.digest).toBe(digestOfBytes(Buffer.from(TEXT)));
    expect(other.asked[0]?.url).toBe('/signed?token=1');
    expect(other.asked[0]?.headers.authorization).toBeUndefined();
  });

  test('lead nowhere else', async () => {
    const other = await server((_, response) => response.end(TEXT));
    const { url } = await server((_, response) => response.writeHead(302, { location: other.url }).end());
    expect(await failure(fetched(url))).toMatchObject({ code: 'MLOPS_ADDRESS_REFUSED' });
    expect(other.asked).toEqual([]);
  });

  test('within the origin keep the secret, and end', async () => {
    const { url, asked } = await server((request, response) => {
      if (request.url === '/data.csv') response.writeHead(307, { location: '/other' }).end();
      else response.end(TEXT);
    });
    await fetched(url, { headers: secret });
    expect(asked[1]).toMatchObject({ url: '/other', headers: { authorization: 'Bearer s3cret' } });
    const round = await server((_, response) => response.writeHead(302, { location: '/data.csv' }).end());
    expect(await failure(fetched(round.url))).toMatchObject({ code: 'MLOPS_SOURCE_UNREADABLE' });
    expect(round.asked.length).toBe(6);
  });
});

test.each(['../other.csv', 'a/%2e%2E/../../x.csv', '/etc/passwd', 'http://127.0.0.1/', '//127.0.0.1/x'])(
  'the path %s leaves the address: nothing is asked',
  (path) => {
    const connection: HttpConnection = { kind: 'http', address: 'http://127.0.0.1:1/exports/' };
    const rules = { connection: 'lab', allow: [], ownServers: [] };
    expect(() => httpFiles({ connection: 'lab', path: [path], format: 'csv' }, connection, rules)).toThrow(
      expect.objectContaining({ code: 'MLOPS_SOURCE_OUTSIDE' })
    );
  }
);
