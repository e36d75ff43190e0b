/** A replica's signals, on the real Temporal behind a door that can hang. */
import { randomUUID } from 'node:crypto';
import { lazySignals } from '../../src/cli/signals';
import { readEnvironment } from '../../src/runtime/environment';
import { temporalConfig } from '../../src/runtime/temporal-config';
import { openGate } from '../replica/gate';

test('a Temporal that hangs is waited for no longer than asked, and the call has ended then', async () => {
  const env = readEnvironment();
  const [host = '', port] = (temporalConfig(env).connectionOptions.address ?? 'localhost:7233').split(':');
  const gate = await openGate(host, Number(port));
  const signals = lazySignals({ ...env, TEMPORAL_ADDRESS: `127.0.0.1:${gate.port}` });
  const send = (withinMs: number) =>
    signals.send(
      `nobody-${randomUUID()}`,
      'watermark',
      { endpoint: 'e', watermark: '2001-02-01T00:00:00Z', edge: '2001-02-01T00:00:00Z', reason: 'passed' },
      withinMs
    );
  try {
    await expect(send(240_000)).rejects.toMatchObject({ code: 'MLOPS_NOT_FOUND' });
    gate.hang();
    await expect(send(3_000)).rejects.toMatchObject({ code: 'MLOPS_STORE_UNAVAILABLE' });
    gate.open();
    await expect(send(240_000)).rejects.toMatchObject({ code: 'MLOPS_NOT_FOUND' });
  } finally {
    await signals.close();
    await gate.close();
  }
});
