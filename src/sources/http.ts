/** Files over HTTP: one GET each, redirects within declared origins, every address checked where the socket resolves it. */
import { type IncomingMessage, request as httpRequest, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { HttpReader } from '../domain/definition';
import { MlopsError } from '../domain/errors';
import { digestOf } from '../runtime/digest';
import { isServerAway } from '../runtime/server-away';
import { type AddressRules, guardedLookup, requireAllowed } from './addresses';
import type { HttpConnection } from './connections';
import type { Answer, Ask, RemoteFile } from './remote-file';
import { readSecret } from './secrets';

const MOST_REDIRECTS = 5;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const PASSES_BY_ITSELF: ReadonlySet<number> = new Set([408, 425, 429]);

export function httpFiles(reader: HttpReader, connection: HttpConnection, rules: AddressRules): readonly RemoteFile[] {
  return reader.path.map((path) => {
    const url = urlOf(connection, path);
    return {
      path,
      key: digestOf({ http: rules.connection, url: url.href }),
      open: (ask, signal) => answerOf({ url, connection, rules, ask, signal }),
    };
  });
}

/** The definition's path, below the connection's address. */
function urlOf({ address }: HttpConnection, path: string): URL {
  const base = new URL(address.endsWith('/') ? address : `${address}/`);
  const url = URL.canParse(path, base.href) ? new URL(path, base) : undefined;
  if (url?.origin === base.origin && url.pathname.startsWith(base.pathname)) return url;
  throw new MlopsError(
    'MLOPS_SOURCE_OUTSIDE',
    "The source's path leads out of the connection's address.",
    { path },
    'Write it relative to that address.'
  );
}

interface Asking {
  readonly url: URL;
  readonly connection: HttpConnection;
  readonly rules: AddressRules;
  readonly ask: Ask;
  readonly signal: AbortSignal;
}

async function answerOf(asking: Asking): Promise<Answer> {
  const { ask } = asking;
  const { url, response, wrong } = await followed(asking);
  const status = response.statusCode ?? 0;
  const identity = identityOf(response);
  if (status === 304 && ask.unless !== undefined) {
    response.destroy();
    return 'unchanged';
  }
  const range = ask.after === undefined ? undefined : rangeOf(response, ask.after);
  // It can't go on in the middle after all.
  if (ask.after !== undefined && (status === 416 || (status === 206 && range === undefined))) {
    response.destroy();
    return answerOf({ ...asking, ask: {} });
  }
  if (status !== 200 && range === undefined) {
    response.destroy();
    throw refusalOf(status, url);
  }
  const encoding = response.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') {
    response.destroy();
    const what = `The server packs its answers (content-encoding ${encoding.slice(0, 40)}) although it was asked not to.`;
    throw unreadable(
      what,
      url,
      'Have it send the file as it is; a file that is gzip itself may be read (data.csv.gz).'
    );
  }
  const bytes = range?.total ?? lengthOf(response);
  return {
    chunks: bodyOf(response, wrong, url),
    close: () => response.destroy(),
    after: range === undefined ? 0 : range.after,
    ...(bytes === undefined ? {} : { bytes }),
    ...(identity === undefined ? {} : { identity }),
    resumable: identity !== undefined && isStrong(identity) && response.headers['accept-ranges'] !== 'none',
  };
}

interface Followed {
  readonly url: URL;
  readonly response: IncomingMessage;
  /** What went wrong with the exchange so far. */
  readonly wrong: () => Error | undefined;
}

async function followed({ url: first, connection, rules, ask, signal }: Asking): Promise<Followed> {
  const declared = new Set([first.origin, ...(connection.redirectsTo ?? []).map((each) => new URL(each).origin)]);
  let url = first;
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects += 1) {
    const secrets = url.origin === first.origin ? await secretHeaders(connection, rules.connection) : {};
    const answered = await asked(url, { ...conditions(ask), ...secrets }, rules, signal);
    if (!REDIRECTS.has(answered.response.statusCode ?? 0)) return { url, ...answered };
    answered.response.destroy();
    const to = answered.response.headers.location;
    if (to === undefined || !URL.canParse(to, url.href))
      throw unreadable('The server redirects to no address.', url, 'Check the server.');
    const next = new URL(to, url);
    if (!declared.has(next.origin)) {
      throw new MlopsError(
        'MLOPS_ADDRESS_REFUSED',
        `${shown(url)} redirects to ${next.origin}, which the connection doesn't declare.`,
        { connection: rules.connection, url: shown(url) },
        "If that is meant, add it to the connection's redirectsTo."
      );
    }
    url = next;
  }
  throw unreadable(`The server redirects more than ${MOST_REDIRECTS} times.`, first, 'Check the server.');
}

async function secretHeaders({ headers = {} }: HttpConnection, connection: string): Promise<Record<string, string>> {
  const entries = Object.entries(headers).map(async ([name, secret]) => [name, await readSecret(secret, connection)]);
  return Object.fromEntries(await Promise.all(entries)) as Record<string, string>;
}

function conditions({ unless, after }: Ask): Record<string, string> {
  if (after !== undefined) return { range: `bytes=${after.bytes}-`, 'if-range': valueOf(after.identity) };
  if (unless === undefined) return {};
  return { [isTag(unless) ? 'if-none-match' : 'if-modified-since']: valueOf(unless) };
}

async function asked(
  url: URL,
  headers: Readonly<Record<string, string>>,
  rules: AddressRules,
  signal: AbortSignal
): Promise<Omit<Followed, 'url'>> {
  const secure = url.protocol === 'https:';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const target = { host, port: Number(url.port) || (secure ? 443 : 80) };
  await requireAllowed(target, rules);
  const options: RequestOptions = {
    agent: false,
    signal,
    lookup: guardedLookup(target, rules),
    headers: { ...headers, 'accept-encoding': 'identity', connection: 'close', 'user-agent': 'temporal-mlops' },
  };
  return new Promise((resolve, reject) => {
    let wrong: Error | undefined;
    const request = (secure ? httpsRequest : httpRequest)(url, options, (response) =>
      resolve({ response, wrong: () => wrong })
    );
    request.on('error', (error) => {
      wrong ??= error;
      reject(failureOf(error, url));
    });
    request.end();
  });
}

async function* bodyOf(response: IncomingMessage, wrong: () => Error | undefined, url: URL): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of response) yield chunk as Buffer;
  } catch (error) {
    throw failureOf(wrong() ?? (error as Error), url);
  }
  // Bytes after the promised end are not HTTP.
  const after = wrong();
  if (after !== undefined) throw failureOf(after, url);
}

interface Range {
  readonly after: number;
  readonly total: number;
}

/** Of an answer 206: what was asked for, to the end, of the same bytes; else undefined. */
function rangeOf(response: IncomingMessage, { identity, bytes }: NonNullable<Ask['after']>): Range | undefined {
  if (response.statusCode !== 206 || identityOf(response) !== identity) return undefined;
  const [, from, to, total] =
    /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(response.headers['content-range'] ?? '') ?? [];
  const is = Number(from) === bytes && Number(to) + 1 === Number(total) && bytes < Number(total);
  return is ? { after: bytes, total: Number(total) } : undefined;
}

function lengthOf({ headers }: IncomingMessage): number | undefined {
  const length = headers['content-length'];
  return length === undefined ? undefined : Number(length);
}

const SETTLED_MS = 60_000;

/** `tag …` or `time …`. A time of its last change says nothing while it might change again within that second. */
function identityOf({ headers }: IncomingMessage): string | undefined {
  const { etag, 'last-modified': modified, date } = headers;
  if (etag !== undefined && /^(W\/)?"[\x21\x23-\x7e]{1,500}"$/.test(etag)) return `tag ${etag}`;
  if (modified === undefined || modified.length > 100) return undefined;
  return Date.parse(date ?? '') - Date.parse(modified) >= SETTLED_MS ? `time ${modified}` : undefined;
}

function isTag(identity: string): boolean {
  return identity.startsWith('tag ');
}

function isStrong(identity: string): boolean {
  return identity.startsWith('tag "');
}

function valueOf(identity: string): string {
  return identity.replace(/^(tag|time) /, '');
}

/** Without the query: it may hold a signature. */
function shown({ origin, pathname }: URL): string {
  return `${origin}${pathname}`;
}

function refusalOf(status: number, url: URL): MlopsError {
  const what = `The server answered ${status}.`;
  const where = { url: shown(url), status };
  if (status >= 500 || PASSES_BY_ITSELF.has(status))
    return new MlopsError('MLOPS_SOURCE_AWAY', what, where, 'It is tried again; check the server.');
  if (status === 404 || status === 410)
    return new MlopsError('MLOPS_SOURCE_MISSING', what, where, "Put the file there, or correct the source's path.");
  if (status === 401 || status === 403 || status === 407)
    return new MlopsError('MLOPS_SOURCE_REFUSED', what, where, "Check the connection's secret and what it may read.");
  const fix = 'Check the server: the whole file is expected as the answer 200 to a GET.';
  return new MlopsError('MLOPS_SOURCE_UNREADABLE', what, where, fix);
}

function failureOf(error: Error, url: URL): Error {
  if (error instanceof MlopsError || error.name === 'AbortError') return error;
  const code = (error as NodeJS.ErrnoException).code ?? error.message;
  const where = { url: shown(url) };
  if (code === 'ECONNRESET') {
    const what = 'The connection ended in the middle of the answer, or before it.';
    return new MlopsError('MLOPS_SOURCE_AWAY', what, where, 'It is tried again, after the last finished part.');
  }
  if (isServerAway(error))
    return new MlopsError('MLOPS_SOURCE_AWAY', `The server can't be reached: ${code}.`, where, 'It is tried again.');
  if (code.startsWith('HPE_')) {
    const what = `The answer is not HTTP, or has more bytes than its length says: ${code}.`;
    return unreadable(what, url, 'Check the server.');
  }
  const what = `The connection can't be trusted or opened: ${code}.`;
  return new MlopsError('MLOPS_SOURCE_REFUSED', what, where, "Check the server's certificate and the address.");
}

function unreadable(what: string, url: URL, fix: string): MlopsError {
  return new MlopsError('MLOPS_SOURCE_UNREADABLE', what, { url: shown(url) }, fix);
}
