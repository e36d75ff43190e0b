/** A tree on binned columns. Its thresholds are the columns' bounds (bins.ts). */

export interface SplitNode {
  readonly column: number;
  /** The last bin that goes left. */
  readonly bin: number;
  readonly missingLeft: boolean;
  /** Places of the children in the tree. */
  readonly left: number;
  readonly right: number;
}

export interface LeafNode {
  /** Added to the score of a row that ends here; a float32. */
  readonly value: number;
}

/** Node 0 is the root; children come behind their parents. */
export type Tree = readonly (SplitNode | LeafNode)[];

export interface Ensemble {
  /** Scores without any tree, one of each output; float32. */
  readonly start: readonly number[];
  /** Of each column the upper bounds of its bins. */
  readonly bounds: readonly Float32Array[];
  /** Round after round, in each one tree of each output. */
  readonly trees: readonly Tree[];
}

/** Columns as bins: [rows] each. Where a column has n bins of values, bin n is that of missing ones. */
export interface BinnedColumns {
  readonly rows: number;
  readonly columns: readonly Uint8Array[];
  /** Bins of values of each column. */
  readonly counts: readonly number[];
}

/**
 * Adds what the tree says to the scores of one output.
 * @param scores [rows, outputs]
 */
export function addTree(
  tree: Tree,
  binned: BinnedColumns,
  scores: Float64Array,
  output: number,
  outputs: number
): void {
  for (let row = 0; row < binned.rows; row += 1) {
    let node = tree[0]!;
    while ('column' in node) node = tree[childOf(node, binned, row)]!;
    scores[row * outputs + output]! += node.value;
  }
}

function childOf(node: SplitNode, { columns, counts }: BinnedColumns, row: number): number {
  const bin = columns[node.column]![row]!;
  const goesLeft = bin === counts[node.column]! ? node.missingLeft : bin <= node.bin;
  return goesLeft ? node.left : node.right;
}
