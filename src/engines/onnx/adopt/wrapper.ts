/** Nodes and constants around a foreign graph: of operators whose form is the same from opset 6 on. */
import { create } from '@bufbuild/protobuf';
import {
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  type GraphProto,
  NodeProtoSchema,
  type TensorProto_DataType,
  TensorProtoSchema,
} from '../generated/onnx_pb';
import { ELEMENT_CODES } from '../tensor';

export class Wrapper {
  readonly #graph: GraphProto;
  readonly #before: GraphProto['node'] = [];
  readonly #after: GraphProto['node'] = [];
  #count = 0;

  constructor(graph: GraphProto) {
    this.#graph = graph;
  }

  /** Puts the nodes around those that are there. */
  close(): void {
    this.#graph.node = [...this.#before, ...this.#graph.node, ...this.#after];
  }

  cast(from: string, to: TensorProto_DataType, where: 'before' | 'after', name?: string): string {
    return this.#node('Cast', [from], { to: Number(to) }, where, name);
  }

  /** @param dims −1: as many as there are */
  reshape(from: string, dims: readonly number[], where: 'before' | 'after', name?: string): string {
    return this.#node('Reshape', [from, this.#whole(dims)], {}, where, name);
  }

  /** Beside each other, row by row. */
  concat(parts: readonly string[]): string {
    return parts.length === 1 ? parts[0]! : this.#node('Concat', parts, { axis: 1 }, 'before');
  }

  /** Columns `places` of [rows, width]. */
  gather(from: string, places: readonly number[]): string {
    return this.#node('Gather', [from, this.#whole(places)], { axis: 1 }, 'after');
  }

  /** The same value under another name. */
  name(from: string, to: string, where: 'before' | 'after'): void {
    this.#node('Identity', [from], {}, where, to);
  }

  #node(
    opType: string,
    input: readonly string[],
    attributes: Readonly<Record<string, number>>,
    where: 'before' | 'after',
    output = this.#fresh()
  ): string {
    const attribute = Object.entries(attributes).map(([name, value]) =>
      create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.INT, i: BigInt(value) })
    );
    const node = create(NodeProtoSchema, {
      opType,
      name: `adopt/${output}`,
      input: [...input],
      output: [output],
      attribute,
    });
    (where === 'before' ? this.#before : this.#after).push(node);
    return output;
  }

  #whole(values: readonly number[]): string {
    const name = this.#fresh();
    const tensor = create(TensorProtoSchema, {
      name,
      dims: [BigInt(values.length)],
      dataType: ELEMENT_CODES.int64,
      int64Data: values.map(BigInt),
    });
    this.#graph.initializer.push(tensor);
    return name;
  }

  #fresh(): string {
    this.#count += 1;
    return `adopt/${this.#count}`;
  }
}
