/**
 * A graph under construction: inputs, constants, nodes in order, outputs. Values know their element type and shape,
 * so operators can check them and gradients can undo a broadcast. Names are counted, so that the same calls make the
 * same bytes. What is asked for again is there already: the same operator on the same values is one node, the same number
 * one constant, so whoever emits needs no memory of what others have emitted.
 */
import { bytesOf, type ElementType, type Tensor } from './tensor';

/** A size, or the name of one that is known at run time only ('N', rows). */
export type Dim = number | string;

export interface Value {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly Dim[];
  /** What an input's values mean, by ONNX's name. */
  readonly denotation?: 'TEXT';
}

/** Numbers are integers, but for a Float32Array's. */
export type Attribute = number | string | readonly number[] | Float32Array | readonly string[] | Graph;

export interface Node {
  readonly operator: string;
  /** '' is ONNX's own; 'com.microsoft' is onnxruntime's. */
  readonly domain: '' | 'ai.onnx.ml' | 'com.microsoft';
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

export interface Constant {
  readonly value: Value;
  readonly tensor: Tensor;
}

export interface NodeRequest {
  readonly operator: string;
  readonly domain?: Node['domain'];
  readonly inputs: readonly Value[];
  /** Type and shape of each output; a name only where a reader should find it in the file. */
  readonly outputs: readonly { readonly type: ElementType; readonly shape: readonly Dim[]; readonly name?: string }[];
  readonly attributes?: Node['attributes'];
}

export class Graph {
  readonly name: string;
  readonly inputs: Value[] = [];
  readonly constants: Constant[] = [];
  readonly nodes: Node[] = [];
  readonly outputs: Value[] = [];
  readonly #names: Set<string>;
  readonly #known = new Map<string, readonly Value[]>();

  /** @param outer the graph that this one is the body of: names may not repeat, its values may be read. */
  constructor(name: string, outer?: Graph) {
    this.name = name;
    this.#names = outer === undefined ? new Set() : outer.#names;
  }

  input(name: string, type: ElementType, shape: readonly Dim[], denotation?: Value['denotation']): Value {
    const value = { ...this.#value(name, type, shape), ...(denotation === undefined ? {} : { denotation }) };
    this.inputs.push(value);
    return value;
  }

  constant(tensor: Tensor, name?: string): Value {
    const [value] = this.#once(name === undefined ? constantKey(tensor) : undefined, () => {
      const made = this.#value(name ?? this.#fresh('constant'), tensor.type, tensor.dims);
      this.constants.push({ value: made, tensor });
      return [made];
    });
    return value!;
  }

  /** Adds a node, unless there is one like it, and gives its outputs. */
  node(request: NodeRequest): readonly Value[] {
    return this.#once(nodeKey(request), () => {
      const outputs = request.outputs.map((output) =>
        this.#value(output.name ?? this.#fresh(request.operator), output.type, output.shape)
      );
      this.nodes.push({
        operator: request.operator,
        domain: request.domain ?? '',
        inputs: request.inputs,
        outputs,
        attributes: request.attributes ?? {},
      });
      return outputs;
    });
  }

  output(value: Value): void {
    this.outputs.push(value);
  }

  #once(key: string | undefined, make: () => readonly Value[]): readonly Value[] {
    const values = (key === undefined ? undefined : this.#known.get(key)) ?? make();
    if (key !== undefined) this.#known.set(key, values);
    return values;
  }

  #value(name: string, type: ElementType, shape: readonly Dim[]): Value {
    if (this.#names.has(name)) throw new Error(`graph ${this.name}: two values are named '${name}'`);
    this.#names.add(name);
    return { name, type, shape };
  }

  /** '/' keeps counted names apart from names of columns. */
  #fresh(kind: string): string {
    return `/${kind}_${this.#names.size}`;
  }
}

function constantKey({ type, dims, data }: Tensor): string {
  const content = type === 'string' ? data : Buffer.from(bytesOf(data)).toString('base64');
  return JSON.stringify([type, dims, content]);
}

/** Undefined where the node has to be one of its own: a name was asked for, or it has a body or trees. */
function nodeKey({ operator, inputs, outputs, attributes = {} }: NodeRequest): string | undefined {
  if (outputs.some(({ name }) => name !== undefined)) return undefined;
  if (Object.values(attributes).some((each) => each instanceof Graph || each instanceof Float32Array)) return undefined;
  return JSON.stringify([operator, inputs.map(({ name }) => name), outputs.length, attributes]);
}
