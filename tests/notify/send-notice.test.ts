import { createHmac } from 'node:crypto';
import { ERRORS, MlopsError } from '../../src/domain/errors';
import { type Notice, sendNotice } from '../../src/notify';
import { postNotice } from '../../src/notify/webhook';
import { startReceiver } from './receiver';

const NOTICE: Notice = {
  id: 'flights/1 approval-requested',
  kind: 'approval-requested',
  project: 'flights',
  text: 'flights@1 waits for approval — “please”',
  details: ['auc 0.635'],
  workflowId: 'mlops/flights/1/approve',
};

const failureOf = (promise: Promise<void>) =>
  promise.then(
    () => Promise.reject(new Error('it was delivered')),
    (error: unknown) => error as MlopsError
  );

let receiver: Awaited<ReturnType<typeof startReceiver>>;
afterEach(() => receiver?.stop());

describe('the webhook', () => {
  it('posts the notice as JSON with its id, so that a receiver can drop repeats', async () => {
    receiver = await startReceiver((response) => response.writeHead(204).end());
    await postNotice({ url: receiver.url }, NOTICE);
    await postNotice({ url: receiver.url }, NOTICE);
    expect(receiver.received).toHaveLength(2);
    const [first, second] = receiver.received;
    expect(first).toMatchObject({ method: 'POST', path: '/hook' });
    expect(first?.headers).toMatchObject({ 'content-type': 'application/json', 'mlops-notice-id': NOTICE.id });
    expect(first?.headers['mlops-signature']).toBeUndefined();
    expect(JSON.parse(first?.body ?? '')).toEqual(NOTICE);
    expect(second?.body).toBe(first?.body);
  });

  it('signs time and body with the secret of the named variable', async () => {
    receiver = await startReceiver((response) => response.end());
    await postNotice({ url: receiver.url, secretEnv: 'HOOK_SECRET' }, NOTICE, { env: { HOOK_SECRET: 'sesame' } });
    const { headers, body } = receiver.received[0]!;
    const [, seconds, hex] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['mlops-signature'])) ?? [];
    expect(hex).toBe(createHmac('sha256', 'sesame').update(`${seconds}.${body}`).digest('hex'));
    expect(Math.abs(Date.now() / 1000 - Number(seconds))).toBeLessThan(60);
    expect(body).not.toContain('sesame');
  });

  it('sends nothing without its secret, and names the variable', async () => {
    receiver = await startReceiver((response) => response.end());
    const error = await failureOf(postNotice({ url: receiver.url, secretEnv: 'HOOK_SECRET' }, NOTICE, { env: {} }));
    expect(error).toMatchObject({ code: 'MLOPS_CONFIGURATION', where: { variable: 'HOOK_SECRET' } });
    expect(receiver.received).toHaveLength(0);
  });

  it.each([500, 503, 404, 429])('is to be tried again after %i', async (status) => {
    receiver = await startReceiver((response) => response.writeHead(status).end('no'));
    const error = await failureOf(postNotice({ url: receiver.url }, NOTICE));
    expect(error.code).toBe('MLOPS_NOTICE_UNDELIVERED');
    expect(ERRORS[error.code]).toBe('retry');
    expect(error.message).toContain(`it answered ${status}`);
  });

  it('follows no redirect', async () => {
    receiver = await startReceiver((response, path) =>
      path === '/hook' ? response.writeHead(307, { location: '/elsewhere' }).end() : response.end()
    );
    const error = await failureOf(postNotice({ url: receiver.url }, NOTICE));
    expect(error.message).toContain('it answered 307');
    expect(receiver.received.map((request) => request.path)).toEqual(['/hook']);
  });

  it('gives a receiver up that hangs, before its headers', async () => {
    receiver = await startReceiver(() => undefined);
    const error = await failureOf(postNotice({ url: receiver.url }, NOTICE, { timeoutMs: 100 }));
    expect(error.code).toBe('MLOPS_NOTICE_UNDELIVERED');
    expect(error.message).toContain('no answer within 100 ms');
  });

  it('waits for no body that never ends', async () => {
    receiver = await startReceiver((response) => response.writeHead(200).write('.'));
    await postNotice({ url: receiver.url }, NOTICE);
    expect(receiver.received).toHaveLength(1);
  });

  it('says why a connection failed, and keeps the query of the address to itself', async () => {
    receiver = await startReceiver((response) => response.end());
    const { url } = receiver;
    await receiver.stop();
    const error = await failureOf(postNotice({ url: `${url}?room=ops` }, NOTICE));
    expect(error.message).toContain('ECONNREFUSED');
    expect(error.message).not.toContain('room=ops');
  });

  it('ends at once when its activity is cancelled', async () => {
    const cancelled = new AbortController();
    receiver = await startReceiver(() => cancelled.abort());
    const error = await failureOf(postNotice({ url: receiver.url }, NOTICE, { signal: cancelled.signal }));
    expect(error.code).toBe('MLOPS_NOTICE_UNDELIVERED');
  });
});

describe('a notifier of a definition', () => {
  const nobody = () => Promise.reject(new Error('nothing is registered'));

  it('log writes one JSON line to standard error', async () => {
    const written: string[] = [];
    const write = jest.spyOn(process.stderr, 'write').mockImplementation((text) => written.push(String(text)) > 0);
    try {
      await sendNotice({ log: true }, NOTICE, nobody);
    } finally {
      write.mockRestore();
    }
    expect(written).toHaveLength(1);
    expect(written[0]).toMatch(/\n$/);
    expect(JSON.parse(written[0] ?? '')).toMatchObject({ notice: NOTICE });
  });

  it('webhook is posted', async () => {
    receiver = await startReceiver((response) => response.end());
    await sendNotice({ webhook: { url: receiver.url } }, NOTICE, nobody);
    expect(receiver.received).toHaveLength(1);
  });

  const chat = { registered: 'chat', params: { room: 'ops' } };

  it('registered is run with its parameters', async () => {
    const uses: unknown[] = [];
    await sendNotice(chat, NOTICE, async (use) => void uses.push(use));
    expect(uses).toEqual([chat]);
  });

  it('registered that fails is to be tried again, whatever it fails with', async () => {
    for (const error of [
      new Error('the room is closed'),
      new MlopsError('MLOPS_USER_CODE_FAILED', 'the room is closed.', {}, ''),
    ]) {
      expect(await failureOf(sendNotice(chat, NOTICE, () => Promise.reject(error)))).toMatchObject({
        code: 'MLOPS_NOTICE_UNDELIVERED',
        message: expect.stringContaining('the room is closed') as unknown,
      });
    }
  });

  it.each(['MLOPS_NOT_REGISTERED', 'MLOPS_CODE_CHANGED', 'MLOPS_STORE_UNAVAILABLE'] as const)(
    'registered that can’t be run keeps its code: %s',
    async (code) => {
      const error = new MlopsError(code, 'It can’t be run.', {}, '');
      expect(await failureOf(sendNotice(chat, NOTICE, () => Promise.reject(error)))).toBe(error);
    }
  );
});
