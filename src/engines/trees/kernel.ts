/** The compiled kernel (assembly/trees.ts), on a memory that threads may share. */
import { KERNEL } from './generated/kernel';

/** As assembly/trees.ts says; addresses and counts are int32, the rest doubles. */
export interface Kernel {
  histogram(
    bins: number,
    width: number,
    offsets: number,
    derivatives: number,
    rows: number,
    from: number,
    to: number,
    sums: number,
    bytes: number
  ): void;
  subtract(sums: number, others: number, bytes: number): void;
  split(
    sums: number,
    width: number,
    offsets: number,
    counts: number,
    allowed: number,
    g: number,
    h: number,
    gUnit: number,
    hUnit: number,
    l2: number,
    least: number,
    best: number
  ): void;
  partition(column: number, isLeft: number, rows: number, spare: number, from: number, to: number): number;
}

const PAGE = 65_536;

/** @throws RangeError the machine has no room for it */
export function memoryOf(bytes: number): WebAssembly.Memory {
  const pages = Math.ceil(bytes / PAGE);
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
}

export function kernelOn(memory: WebAssembly.Memory): Kernel {
  const module = new WebAssembly.Module(Buffer.from(KERNEL, 'base64'));
  return new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Kernel;
}
