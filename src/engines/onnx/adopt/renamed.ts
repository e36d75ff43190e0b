/** A foreign graph under names of its own, so that none of them is a column's or ours. */
import type { GraphProto } from '../generated/onnx_pb';

/** How they begin: no column's name has a slash. */
const PREFIX = 'imported/';

export const renamed = (name: string): string => (name === '' ? '' : `${PREFIX}${name}`);

/** In place. Bodies of loops and branches read values of the graphs around them, so all of them change alike. */
export function rename(graph: GraphProto): void {
  for (const value of [...graph.input, ...graph.output, ...graph.valueInfo]) value.name = renamed(value.name);
  for (const tensor of graph.initializer) tensor.name = renamed(tensor.name);
  for (const { values } of graph.sparseInitializer) if (values !== undefined) values.name = renamed(values.name);
  // Hints for other tools, by the old names.
  graph.quantizationAnnotation = [];
  for (const node of graph.node) {
    node.input = node.input.map(renamed);
    node.output = node.output.map(renamed);
    for (const { g, graphs } of node.attribute)
      for (const body of g === undefined ? graphs : [g, ...graphs]) rename(body);
  }
}
