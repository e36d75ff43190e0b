/**
 * Where everything stands in the memory that the kernel works on. It follows from a few numbers, so each thread knows it.
 * The columns are cut into parts: a part's histograms are one thread's work.
 */
import { MlopsError } from '../../domain/errors';

export interface LayoutRequest {
  readonly rows: number;
  /** Bins of values of each column. */
  readonly counts: readonly number[];
  readonly parts: number;
  /** Levels of splits. */
  readonly depth: number;
}

/** Addresses. */
export interface Part {
  /** Its columns: from … to−1. */
  readonly from: number;
  readonly to: number;
  /** uint8 [rows, columns] */
  readonly bins: number;
  /** uint32 [columns] */
  readonly offsets: number;
  /** int32 [columns] */
  readonly counts: number;
  /** uint8 [columns] */
  readonly allowed: number;
  /** float64 [nodes, 6] */
  readonly best: number;
  /** Sums of a node: `sumBytes` each. */
  readonly sums: number;
  readonly sumBytes: number;
}

export interface Layout {
  readonly bytes: number;
  readonly parts: readonly Part[];
  /** uint8 [rows] of each column */
  readonly columns: readonly number[];
  /** int32 [rows, 2] */
  readonly derivatives: number;
  /** int32 [rows]: the rows, node by node */
  readonly rows: number;
  /** int32 [rows] */
  readonly spare: number;
  /** uint8 [256] */
  readonly isLeft: number;
  /** float64 [nodes, 6]: what is asked of a level (grow-tree.ts) */
  readonly tasks: number;
  /** float64 [4] */
  readonly units: number;
  /** int32 [4]: between threads */
  readonly control: number;
  /** Nodes of a level that have sums. */
  readonly nodes: number;
}

/** Numbers of a task, and of an answer. */
export const RECORD = 6;
const BYTES_OF_SUM = 16;
/** Of 32-bit addresses. */
const MOST_BYTES = 2 ** 32;

/** @throws MlopsError MLOPS_OUT_OF_MEMORY */
export function layoutOf({ rows, counts, parts, depth }: LayoutRequest): Layout {
  // The kernel has nothing of its own in memory; its first page stays free.
  let end = 65_536;
  const room = (bytes: number): number => {
    const at = end;
    end += Math.ceil(bytes / 64) * 64;
    return at;
  };
  const nodes = Math.min(2 ** (depth - 1), Math.max(1, rows));
  const columns = counts.map(() => room(rows));
  const cuts = Array.from({ length: parts + 1 }, (_, part) => Math.round((part * counts.length) / parts));
  const made = Array.from({ length: parts }, (_, part): Part => {
    const [from, to] = [cuts[part]!, cuts[part + 1]!];
    const width = to - from;
    const sumBytes = offsetsOf(counts.slice(from, to)).bytes;
    return {
      ...{ from, to, bins: room(rows * width), offsets: room(4 * width), counts: room(4 * width) },
      ...{ allowed: room(width), best: room(nodes * RECORD * 8), sums: room(nodes * sumBytes), sumBytes },
    };
  });
  const layout: Layout = {
    ...{ parts: made, columns, nodes, derivatives: room(8 * rows), rows: room(4 * rows), spare: room(4 * rows) },
    ...{ isLeft: room(256), tasks: room(nodes * RECORD * 8), units: room(4 * 8), control: room(16), bytes: end },
  };
  if (layout.bytes <= MOST_BYTES) return layout;
  const where = { rows, columns: counts.length, depth, bytes: layout.bytes, limit: MOST_BYTES };
  throw new MlopsError(
    'MLOPS_OUT_OF_MEMORY',
    'Trees of these rows and columns need more than 4 GB.',
    where,
    'Use fewer columns or a smaller depth, or train on fewer rows.'
  );
}

/** Where each column's sums begin: one for each bin of values, and one for missing values. */
export function offsetsOf(counts: readonly number[]): { readonly offsets: readonly number[]; readonly bytes: number } {
  let bytes = 0;
  const offsets = counts.map((count) => {
    const at = bytes;
    bytes += (count + 1) * BYTES_OF_SUM;
    return at;
  });
  return { offsets, bytes };
}
