import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { isProcessAlive } from '../../src/runtime/process-alive';

test('this process lives, and so does one that may not be signalled', () => {
  expect(isProcessAlive(process.pid)).toBe(true);
  const refused = jest.spyOn(process, 'kill').mockImplementation(() => {
    throw Object.assign(new Error('not permitted'), { code: 'EPERM' });
  });
  expect(isProcessAlive(1)).toBe(true);
  refused.mockRestore();
});

test('a process that ended does not, nor does what is no process id', async () => {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  expect([child.pid!, 0, -1, 1.5, Number.NaN].map(isProcessAlive)).toEqual([false, false, false, false, false]);
});
