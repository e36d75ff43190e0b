/** What an attempt leaves behind, and who clears it away. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { inAttemptFolder, sweepAttempts } from '../../../src/activities/step/attempt-folder';

const workFolder = mkdtempSync(join(tmpdir(), 'attempts-'));
afterAll(() => rmSync(workFolder, { recursive: true }));

function left(name: string): string {
  const folder = join(workFolder, 'attempts', name);
  mkdirSync(join(folder, 'step-1'), { recursive: true });
  writeFileSync(join(folder, 'step-1', 'half-written'), '');
  return folder;
}

test('an attempt’s folder is gone when it ends, by an error too', async () => {
  const seen: string[] = [];
  await inAttemptFolder(workFolder, 'step', async (folder) => seen.push(folder));
  const failing = inAttemptFolder(workFolder, 'step', async (folder) => {
    seen.push(folder);
    throw new Error('half-way');
  });
  await expect(failing).rejects.toThrow('half-way');
  expect(new Set(seen).size).toBe(2);
  for (const folder of seen) expect(existsSync(folder)).toBe(false);
});

test('the next worker removes what a killed one left, and nothing of a living one or of another machine', async () => {
  const dead = spawnSync(process.execPath, ['-e', '']).pid;
  const gone = [left(`${hostname()}~${dead}~1`), left(`${hostname()}~${process.pid}~1`)];
  const kept = [left(`${hostname()}~${process.ppid}~1`), left('elsewhere~1~1')];
  const running = inAttemptFolder(workFolder, 'step', async (folder) => {
    await sweepAttempts(workFolder);
    return existsSync(folder);
  });
  expect(await running).toBe(true);
  for (const folder of gone) expect(existsSync(folder)).toBe(false);
  for (const folder of kept) expect(readdirSync(folder)).toEqual(['step-1']);
});
