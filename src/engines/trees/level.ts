/** A level of a tree, for the columns of one part: the nodes' histograms, and of each node the part's best split. */
import type { Kernel } from './kernel';
import { type Layout, type Part, RECORD } from './layout';

/** A node whose split is looked for. */
export interface Task {
  /** Its rows: from … to−1 of the rows by node. */
  readonly from: number;
  readonly to: number;
  /** Where its sums stand. */
  readonly slot: number;
  /** Its parent's sums stand in its slot, its sibling's in this one; −1: its rows are summed. */
  readonly sibling: number;
  /** Sums of its gradients and hessians. */
  readonly g: number;
  readonly h: number;
}

export interface Answer {
  /** 0: no split gains anything. */
  readonly gain: number;
  /** Among the part's. */
  readonly column: number;
  readonly bin: number;
  readonly missingLeft: boolean;
  readonly gLeft: number;
  readonly hLeft: number;
}

/** What holds for all nodes of a tree. */
export interface Units {
  readonly gUnit: number;
  readonly hUnit: number;
  readonly l2: number;
  /** Hessian of each side of a split, a whole number of units. */
  readonly least: number;
}

export function writeUnits(memory: ArrayBufferLike, layout: Layout, { gUnit, hUnit, l2, least }: Units): void {
  new Float64Array(memory, layout.units, 4).set([gUnit, hUnit, l2, least]);
}

export function writeTasks(memory: ArrayBufferLike, layout: Layout, tasks: readonly Task[]): void {
  const records = new Float64Array(memory, layout.tasks, tasks.length * RECORD);
  tasks.forEach(({ from, to, slot, sibling, g, h }, i) => records.set([from, to, slot, sibling, g, h], i * RECORD));
}

export function readAnswer(memory: ArrayBufferLike, part: Part, task: number): Answer {
  const [gain, column, bin, missingLeft, gLeft, hLeft] = new Float64Array(
    memory,
    part.best + task * RECORD * 8,
    RECORD
  );
  return { gain: gain!, column: column!, bin: bin!, missingLeft: missingLeft === 1, gLeft: gLeft!, hLeft: hLeft! };
}

/** Answers the first `count` tasks. It reads what others wrote before, and writes what is the part's own. */
export function workOn(kernel: Kernel, memory: ArrayBufferLike, layout: Layout, part: Part, count: number): void {
  const tasks = new Float64Array(memory, layout.tasks, count * RECORD);
  const [gUnit, hUnit, l2, least] = new Float64Array(memory, layout.units, 4) as unknown as [
    number,
    number,
    number,
    number,
  ];
  const { bins, offsets, counts, allowed, sumBytes } = part;
  const width = part.to - part.from;
  const sumsOf = (slot: number) => part.sums + slot * sumBytes;
  for (let task = 0; task < count; task += 1) {
    const [from, to, slot, sibling] = tasks.subarray(task * RECORD, task * RECORD + 4);
    if (sibling! >= 0) continue;
    kernel.histogram(
      ...([bins, width, offsets, layout.derivatives, layout.rows, from!, to!, sumsOf(slot!), sumBytes] as const)
    );
  }
  for (let task = 0; task < count; task += 1) {
    const [, , slot, sibling] = tasks.subarray(task * RECORD, task * RECORD + 4);
    if (sibling! >= 0) kernel.subtract(sumsOf(slot!), sumsOf(sibling!), sumBytes);
  }
  for (let task = 0; task < count; task += 1) {
    const [, , slot, , g, h] = tasks.subarray(task * RECORD, task * RECORD + RECORD);
    const best = part.best + task * RECORD * 8;
    kernel.split(sumsOf(slot!), width, offsets, counts, allowed, g!, h!, gUnit, hUnit, l2, least, best);
  }
}
