/** Folders of what was fetched, beside the servers' programs. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { say } from '../quickstart/say';

/**
 * A folder that is named by what pins its content, and complete as soon as it exists.
 * @param fill fetches the content into an empty folder
 */
export async function cached(
  name: string,
  pins: readonly string[],
  what: string,
  fill: (into: string) => Promise<void>
): Promise<string> {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'temporal-mlops');
  const digest = createHash('sha256').update(JSON.stringify(pins)).digest('hex').slice(0, 16);
  const folder = join(cache, `tour-${name}-${digest}`);
  if (existsSync(folder)) return folder;
  say(`fetching ${what}, once`);
  mkdirSync(cache, { recursive: true });
  const part = mkdtempSync(join(cache, 'tour-part-'));
  try {
    await fill(part);
    renameSync(part, folder);
  } catch (error) {
    // Another tour may have been faster.
    if (!existsSync(folder)) throw error;
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
  return folder;
}
