/**
 * Heads of the audit chains, beside MongoDB: `audit/<project>/<sequence>` in the object store, written once. Whoever
 * can write to MongoDB can write a whole chain anew, but not the heads. MongoDB may be ahead of the last head, since a
 * process can die between an event and its head, and the next event's head covers both; it is never behind.
 */
import type { Digest } from '../domain/refs';
import { isDigest } from '../domain/refs';
import type { Bucket } from './bucket';

export interface AuditHead {
  readonly project: string;
  readonly sequence: number;
  readonly digest: Digest;
}

const FOLDER = 'audit/';
/** So that names sort as numbers do. */
const DIGITS = 12;

const headKey = ({ project, sequence }: Omit<AuditHead, 'digest'>): string =>
  `${FOLDER}${project}/${String(sequence).padStart(DIGITS, '0')}`;

/** A second head of the same sequence changes nothing. */
export async function writeHead(bucket: Bucket, head: AuditHead): Promise<void> {
  const { project, sequence, digest } = head;
  const content = Buffer.from(`${JSON.stringify({ v: 1, project, sequence, digest })}\n`);
  await bucket.putNew(headKey(head), content.length, content);
}

/** A project's heads by sequence; one that can't be read has no digest. */
export async function* headsOf(
  bucket: Bucket,
  project: string
): AsyncGenerator<{ readonly sequence: number; readonly digest?: Digest }> {
  for await (const name of bucket.names(`${FOLDER}${project}/`)) {
    const digest = readHead(await bucket.read(name));
    yield { sequence: Number(name.slice(-DIGITS)), ...(digest === undefined ? {} : { digest }) };
  }
}

/** The head of this sequence, if it was written; one that can't be read has no digest. */
export async function headAt(
  bucket: Bucket,
  project: string,
  sequence: number
): Promise<{ readonly digest?: Digest } | undefined> {
  for await (const name of bucket.names(headKey({ project, sequence }))) {
    const digest = readHead(await bucket.read(name));
    return digest === undefined ? {} : { digest };
  }
  return undefined;
}

/** Projects that have a head. */
export async function projectsWithHeads(bucket: Bucket): Promise<string[]> {
  const projects = new Set<string>();
  for await (const folder of bucket.names(FOLDER, 'folders')) projects.add(folder.slice(FOLDER.length, -1));
  return [...projects];
}

function readHead(bytes: Buffer): Digest | undefined {
  try {
    const { digest } = JSON.parse(bytes.toString('utf8')) as { digest?: unknown };
    return isDigest(digest) ? digest : undefined;
  } catch {
    return undefined;
  }
}
