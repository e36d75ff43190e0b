/**
 * Bodies are JSON in UTF-8, and say so. Without asking the server first, a page of another site can only send forms, text or
 * a body without a type: so it can't write here.
 */
import { isUtf8 } from 'node:buffer';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { MlopsError } from '../domain/errors';
import { invalid } from './request-fields';

const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i;
const SEND_JSON = 'Send JSON with the header content-type: application/json.';

export function takeJsonBodies(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  server.addContentTypeParser(JSON_TYPE, { parseAs: 'buffer' }, (request, body, done) => {
    try {
      refuseEncoding(request);
      done(null, jsonOf(body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
  // Any other, and none: refused before the body is read.
  server.addHook('onRequest', (request, _reply, done) => {
    if (request.method !== 'POST' || JSON_TYPE.test(request.headers['content-type'] ?? '')) return done();
    const found = request.headers['content-type']?.slice(0, 80) ?? 'none';
    done(new MlopsError('MLOPS_CONTENT_TYPE', 'The content type is not JSON.', { found }, SEND_JSON));
  });
}

function refuseEncoding({ headers }: FastifyRequest): void {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    const found = encoding.slice(0, 80);
    throw new MlopsError('MLOPS_CONTENT_TYPE', 'Encoded bodies are not taken.', { found }, 'Send it uncompressed.');
  }
  if (headers['inference-header-content-length'] !== undefined) {
    throw new MlopsError('MLOPS_CONTENT_TYPE', 'Binary tensor data is not taken.', {}, SEND_JSON);
  }
}

function jsonOf(body: Buffer): unknown {
  if (!isUtf8(body)) throw invalid('The body is not UTF-8.', {}, 'Send JSON in UTF-8.');
  const text = body.toString('utf8');
  try {
    return JSON.parse(text);
  } catch (error) {
    if (text.startsWith('\uFEFF')) throw invalid('The body begins with a byte order mark.', {}, 'Send it without.');
    const token = /[[,:]\s*(-?(?:NaN|Infinity))\b/.exec(text)?.[1];
    if (token !== undefined) throw invalid(`JSON has no ${token}.`, {}, 'Send null for a missing value.');
    throw invalid(`The body is not JSON: ${(error as Error).message.slice(0, 120)}.`, {});
  }
}
