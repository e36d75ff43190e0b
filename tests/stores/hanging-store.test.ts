/** An object store that takes a request and never answers: the operation fails in time, and takes its connection along. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import type { Digest } from '../../src/domain/refs';
import { Artifacts } from '../../src/stores/artifacts';
import { type OwnStores, openOwnStores } from '../support/own-stores';

let system: OwnStores;

beforeAll(async () => {
  system = await openOwnStores('hanging');
});
afterAll(() => system.close());

test('a time-out aborts what it times', async () => {
  const connected: Socket[] = [];
  const server = createServer((socket) => void connected.push(socket.resume())).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const artifacts = new Artifacts(system.stores, {
    endpoint: `http://127.0.0.1:${port}`,
    ...{ accessKey: 'key', secretKey: 'secret', bucket: 'bucket', region: 'us-east-1' },
  });
  const asked = artifacts.hasObject(`sha256:${'a'.repeat(64)}` as Digest);
  const [socket] = connected.length > 0 ? connected : ((await once(server, 'connection')) as [Socket]);
  const closed = once(socket!, 'close');
  await expect(asked).rejects.toMatchObject({ code: 'MLOPS_STORE_UNAVAILABLE' });
  await closed;
  server.close();
});
