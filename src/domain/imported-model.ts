/** A model that somebody made elsewhere, on its way into a project: bytes by digest, and how columns feed it. */
import { type Digest, isDigest } from './refs';

/** Bytes in the artifact store. */
export interface StoredBytes {
  readonly digest: Digest;
  readonly bytes: number;
}

export interface ImportedModel {
  /** The ONNX file as it came. */
  readonly model: StoredBytes;
  /** The file's name, for people. */
  readonly file: string;
  /** Columns that fill the graph's inputs, in their order. Absent: each input has a column's name. */
  readonly columns?: readonly string[];
  /** Rows with the scores that the model's own framework gave them. */
  readonly parity?: StoredBytes;
}

export function digestsOfImport({ model, parity }: Pick<ImportedModel, 'model' | 'parity'>): readonly Digest[] {
  return [model.digest, ...(parity === undefined ? [] : [parity.digest])];
}

/** Bytes of a file of an import, where nobody says otherwise; ONNX itself ends at 2 GB. */
export const IMPORT_BYTES = 2 ** 30;

/** Of an import's columns as JSON: they travel in a message, in what waits, and in the cycle. */
const MOST_COLUMN_CHARS = 32_768;
const MOST_NAME_CHARS = 200;

/** What is wrong with it, in words; undefined where nothing is. */
export function malformedImport(given: unknown): string | undefined {
  if (typeof given !== 'object' || given === null) return 'model: {model: {digest, bytes}, file, columns?, parity?}';
  const { model, file, columns, parity } = given as Record<string, unknown>;
  if (!isStored(model)) return 'model.model: {digest, bytes} of the stored file';
  if (typeof file !== 'string' || file === '' || file.length > MOST_NAME_CHARS)
    return `model.file: a name of at most ${MOST_NAME_CHARS} characters`;
  if (parity !== undefined && !isStored(parity)) return 'model.parity: {digest, bytes} of the stored file';
  if (columns === undefined) return undefined;
  if (!Array.isArray(columns) || columns.length === 0 || !columns.every((name) => typeof name === 'string'))
    return 'model.columns: names of columns';
  return JSON.stringify(columns).length > MOST_COLUMN_CHARS
    ? `model.columns: at most ${MOST_COLUMN_CHARS} characters in all; let the model take a vector`
    : undefined;
}

function isStored(given: unknown): given is StoredBytes {
  if (typeof given !== 'object' || given === null) return false;
  const { digest, bytes } = given as Record<string, unknown>;
  return isDigest(digest) && Number.isSafeInteger(bytes) && (bytes as number) > 0;
}
