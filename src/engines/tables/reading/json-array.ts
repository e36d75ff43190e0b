import { open } from 'node:fs/promises';

const FIRST_BYTES = 4_096;

/** Whether a file holds one array, by the first character that is not a blank. */
export async function isJsonArray(file: string): Promise<boolean> {
  const handle = await open(file, 'r');
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(FIRST_BYTES), 0, FIRST_BYTES, 0);
    return /^\uFEFF?\s*\[/.test(buffer.toString('utf8', 0, bytesRead));
  } finally {
    await handle.close();
  }
}
