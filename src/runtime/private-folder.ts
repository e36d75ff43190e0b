/** A folder of one process's owner alone: training rows, and callers' inputs, lie in such. */
import { chmod, lstat, mkdir } from 'node:fs/promises';
import { MlopsError } from '../domain/errors';

/**
 * Makes the folder, or takes the rights of others on it away.
 * @throws MlopsError MLOPS_CONFIGURATION: somebody else's folder, or no folder
 */
export async function preparePrivate(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const info = await lstat(folder);
  const me = process.getuid?.();
  if (!info.isDirectory() || (me !== undefined && info.uid !== me)) {
    throw new MlopsError(
      'MLOPS_CONFIGURATION',
      info.isDirectory() ? 'The folder belongs to somebody else.' : 'This is not a folder.',
      { folder, owner: info.uid },
      'Give each worker and each replica a folder of its own.'
    );
  }
  if ((info.mode & 0o077) !== 0) await chmod(folder, 0o700);
}
