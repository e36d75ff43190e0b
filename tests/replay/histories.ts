/** Recorded histories: one file each, `<scenario>.<workflow>.json`. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { temporal } from '@temporalio/proto';
import { packageRoot } from '../../src/runtime/package-root';

/** Not the SDK's historyToJSON: it throws where the tree of dependencies has two copies of protobufjs, as ours. */
const { History } = temporal.api.history.v1;
type History = temporal.api.history.v1.IHistory;

export interface Recorded {
  readonly name: string;
  readonly workflowId: string;
  readonly history: History;
}

const FOLDER = join(packageRoot(), 'tests', 'replay', 'histories');

export function recordedNames(): string[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .sort((a, b) => a.localeCompare(b));
}

/** @param change of the file's text, for a history that never was */
export function readRecorded(name: string, change: (text: string) => string = (text) => text): Recorded {
  const { workflowId, history } = JSON.parse(change(readFileSync(join(FOLDER, `${name}.json`), 'utf8'))) as {
    workflowId: string;
    history: Record<string, unknown>;
  };
  return { name, workflowId, history: History.fromObject(history) };
}

/** @param unwanted what must not be in a committed file, beside this machine's name and folders */
export function writeRecorded({ name, workflowId, history }: Recorded, unwanted: readonly string[]): void {
  const plain = History.toObject(History.fromObject(history), { longs: String, enums: String, bytes: String });
  const withoutPlaces = (key: string, value: unknown): unknown =>
    // Of errors: where they were thrown, on this machine. Replay reads none of it.
    key === 'stackTrace' ? '' : value;
  const text = `${JSON.stringify({ workflowId, history: plain }, withoutPlaces, 1)}\n`;
  const readable = text.replace(/"data": "([A-Za-z0-9+/=]+)"/g, (_, data: string) =>
    Buffer.from(data, 'base64').toString()
  );
  for (const word of [`@${hostname()}`, packageRoot(), process.env.HOME ?? '', ...unwanted].filter(
    (each) => each !== ''
  )) {
    if (readable.includes(word)) throw new Error(`${name} would tell ${word}`);
  }
  writeFileSync(join(FOLDER, `${name}.json`), text);
}
