/** Trees as a node of a graph. It compares what training compared: float32 with the bins' bounds. Its sum of the leaves is in float32. */
import type { Graph, Value } from '../onnx/graph';
import type { Ensemble } from './tree';

/**
 * Adds the trees as one node (ai.onnx.ml, TreeEnsembleRegressor).
 * @param dense float32 [N, columns]
 * @returns float32 [N, outputs]: the start and the sums of the leaves
 */
export function addEnsemble(graph: Graph, dense: Value, { start, bounds, trees }: Ensemble): Value {
  const outputs = start.length;
  const nodes = trees.flatMap((tree, treeId) => tree.map((node, nodeId) => ({ treeId, nodeId, node })));
  const splits = nodes.map(({ node }) => ('column' in node ? node : undefined));
  const leaves = nodes.flatMap(({ treeId, nodeId, node }) =>
    'column' in node ? [] : [{ treeId, nodeId, value: node.value }]
  );
  return graph.node({
    operator: 'TreeEnsembleRegressor',
    domain: 'ai.onnx.ml',
    inputs: [dense],
    outputs: [{ type: 'float32', shape: ['N', outputs] }],
    attributes: {
      n_targets: outputs,
      base_values: Float32Array.from(start),
      nodes_treeids: nodes.map(({ treeId }) => treeId),
      nodes_nodeids: nodes.map(({ nodeId }) => nodeId),
      nodes_modes: splits.map((split) => (split === undefined ? 'LEAF' : 'BRANCH_LEQ')),
      nodes_featureids: splits.map((split) => split?.column ?? 0),
      nodes_values: Float32Array.from(splits, (split) => (split === undefined ? 0 : bounds[split.column]![split.bin]!)),
      nodes_truenodeids: splits.map((split) => split?.left ?? 0),
      nodes_falsenodeids: splits.map((split) => split?.right ?? 0),
      nodes_missing_value_tracks_true: splits.map((split) => (split?.missingLeft ? 1 : 0)),
      target_treeids: leaves.map(({ treeId }) => treeId),
      target_nodeids: leaves.map(({ nodeId }) => nodeId),
      target_ids: leaves.map(({ treeId }) => treeId % outputs),
      target_weights: Float32Array.from(leaves, ({ value }) => value),
    },
  })[0]!;
}
