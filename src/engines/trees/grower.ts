/**
 * Grows trees, level by level (Chen and Guestrin, 2016): a node is split where G²L ÷ (HL + λ) + G²R ÷ (HR + λ) gains most,
 * and a leaf's value is −rate · G ÷ (H + λ). Of two children the one with fewer rows is summed, the other is what is
 * left of their parent.
 */
import type { TreesSpec } from '../../domain/definition';
import { type DenseColumns, putInBins } from './bins';
import type { Sums } from './derivatives';
import { type Kernel, kernelOn, memoryOf } from './kernel';
import { type Layout, layoutOf, offsetsOf } from './layout';
import { type Answer, readAnswer, type Task, workOn, writeTasks, writeUnits } from './level';
import { Threads } from './threads';
import type { BinnedColumns, LeafNode, SplitNode, Tree } from './tree';

export interface GrownTree {
  readonly tree: Tree;
  /** Where the rows ended. */
  readonly leaves: readonly Leaf[];
}

interface Leaf {
  readonly value: number;
  /** Row numbers. */
  readonly rows: Int32Array;
}

/** A node that isn't decided yet. */
interface Open extends Task {
  /** Its place in the tree. */
  readonly place: number;
}

type GrowSpec = Pick<TreesSpec, 'depth' | 'learningRate' | 'l2' | 'minWeight'>;

export class Grower {
  /** The training rows; their bytes are the kernel's. */
  readonly binned: BinnedColumns;
  /** int32 [rows, 2]: what the next tree is grown on. */
  readonly derivatives: Int32Array;
  readonly #memory: ArrayBufferLike;
  readonly #layout: Layout;
  readonly #kernel: Kernel;
  readonly #rows: Int32Array;
  readonly #threads: Threads;

  /**
   * @param bounds as `boundsOf(data)` gives them
   * @param threads each has a part of the columns; close the grower to end them
   */
  static open(
    data: DenseColumns,
    bounds: readonly Float32Array[],
    { depth, threads }: { readonly depth: number; readonly threads: number }
  ): Grower {
    const counts = bounds.map(({ length }) => length);
    const request = { rows: data.rows, counts, parts: Math.max(1, Math.min(threads, counts.length)), depth };
    const layout = layoutOf(request);
    const memory = memoryOf(layout.bytes);
    return new Grower(data, bounds, layout, memory, Threads.start(memory, layout, request));
  }

  private constructor(
    data: DenseColumns,
    bounds: readonly Float32Array[],
    layout: Layout,
    memory: WebAssembly.Memory,
    threads: Threads
  ) {
    const counts = bounds.map(({ length }) => length);
    const { rows } = data;
    this.#layout = layout;
    this.#threads = threads;
    this.#memory = memory.buffer;
    this.#kernel = kernelOn(memory);
    this.#rows = new Int32Array(this.#memory, this.#layout.rows, rows);
    this.derivatives = new Int32Array(this.#memory, this.#layout.derivatives, 2 * rows);
    const columns = this.#layout.columns.map((at) => new Uint8Array(this.#memory, at, rows));
    columns.forEach((column, i) => putInBins(data, i, bounds[i]!, column));
    this.binned = { rows, columns, counts };
    for (const part of this.#layout.parts) {
      const own = counts.slice(part.from, part.to);
      new Int32Array(this.#memory, part.counts, own.length).set(own);
      new Uint32Array(this.#memory, part.offsets, own.length).set(offsetsOf(own).offsets);
      const bins = new Uint8Array(this.#memory, part.bins, rows * own.length);
      columns.slice(part.from, part.to).forEach((column, i) => {
        for (let row = 0, at = i; row < rows; row += 1, at += own.length) bins[at] = column[row]!;
      });
    }
  }

  /**
   * A tree on what `derivatives` holds.
   * @param sums over all rows
   * @param allowed [columns], 1 for those that the tree may split; absent: all
   */
  async grow(sums: Sums, spec: GrowSpec, allowed: Uint8Array | undefined): Promise<GrownTree> {
    this.#prepare(sums, spec, allowed);
    const nodes: (SplitNode | LeafNode | undefined)[] = [undefined];
    const leaves: Leaf[] = [];
    const free = Array.from({ length: this.#layout.nodes - 1 }, (_, i) => i + 1);
    const endAt = ({ place, from, to, g, h }: Omit<Open, 'slot' | 'sibling'>) => {
      // Plus 0: a −0 would not come back from a checkpoint.
      const value = Math.fround((-spec.learningRate * g * sums.gUnit) / (h * sums.hUnit + spec.l2)) + 0;
      nodes[place] = { value };
      leaves.push({ value, rows: this.#rows.subarray(from, to) });
    };

    let level: readonly Open[] = [{ place: 0, from: 0, to: this.#rows.length, slot: 0, sibling: -1, ...sums }];
    for (let depth = 1; level.length > 0; depth += 1) {
      const next: Open[] = [];
      const answers = await this.#answersTo(level);
      level.forEach((node, i) => {
        const answer = answers[i]!;
        if (answer.gain === 0) {
          free.push(node.slot);
          endAt(node);
          return;
        }
        const { column, bin, missingLeft, gLeft, hLeft } = answer;
        const split = { column, bin, missingLeft };
        const middle = this.#partition(node, split);
        const [left, right] = [nodes.length, nodes.length + 1];
        nodes.push(undefined, undefined);
        nodes[node.place] = { ...split, left, right };
        const sides = [
          { place: left, from: node.from, to: middle, g: gLeft, h: hLeft },
          { place: right, from: middle, to: node.to, g: node.g - gLeft, h: node.h - hLeft },
        ] as const;
        if (depth === spec.depth) sides.forEach(endAt);
        else next.push(...openSides(sides, node.slot, free.pop()!));
      });
      level = next;
    }
    return { tree: nodes as Tree, leaves };
  }

  close(): Promise<void> {
    return this.#threads.close();
  }

  #prepare({ gUnit, hUnit }: Sums, { l2, minWeight }: GrowSpec, allowed: Uint8Array | undefined): void {
    const least = Math.max(1, Math.ceil(minWeight / hUnit));
    writeUnits(this.#memory, this.#layout, { gUnit, hUnit, l2, least });
    for (const { allowed: at, from, to } of this.#layout.parts) {
      const own = new Uint8Array(this.#memory, at, to - from);
      if (allowed === undefined) own.fill(1);
      else own.set(allowed.subarray(from, to));
    }
    for (let row = 0; row < this.#rows.length; row += 1) this.#rows[row] = row;
  }

  /** Each node's best split over all parts; of equal ones that of the first column. */
  async #answersTo(level: readonly Open[]): Promise<readonly Answer[]> {
    writeTasks(this.#memory, this.#layout, level);
    const { parts } = this.#layout;
    const own = () => workOn(this.#kernel, this.#memory, this.#layout, parts[0]!, level.length);
    await this.#threads.answer(level.length, own);
    return level.map((_, task) => {
      const answers = parts.map((part) => {
        const answer = readAnswer(this.#memory, part, task);
        return { ...answer, column: answer.column + part.from };
      });
      return answers.reduce((best, answer) => (answer.gain > best.gain ? answer : best));
    });
  }

  /** Rows that go left come first; returns where the others begin. */
  #partition(
    { from, to }: Task,
    { column, bin, missingLeft }: Pick<SplitNode, 'column' | 'bin' | 'missingLeft'>
  ): number {
    const { columns, isLeft, rows, spare } = this.#layout;
    const sides = new Uint8Array(this.#memory, isLeft, 256).fill(0).fill(1, 0, bin + 1);
    sides[this.binned.counts[column]!] = missingLeft ? 1 : 0;
    return this.#kernel.partition(columns[column]!, isLeft, rows, spare, from, to);
  }
}

type Side = Omit<Open, 'slot' | 'sibling'>;

/** The smaller side gets room of its own, the larger one takes its parent's sums over. */
function openSides([left, right]: readonly [Side, Side], parents: number, own: number): readonly [Open, Open] {
  const leftIsSmaller = left.to - left.from < right.to - right.from;
  const summed = { slot: own, sibling: -1 };
  const rest = { slot: parents, sibling: own };
  return [
    { ...left, ...(leftIsSmaller ? summed : rest) },
    { ...right, ...(leftIsSmaller ? rest : summed) },
  ];
}
