/** What the bits of a run depend on beside its inputs: a part of the key of every numeric step. */
import { readFileSync } from 'node:fs';
import { arch, cpus } from 'node:os';
import type { NumericEnvironment } from '../../domain/records';
import { ONNXRUNTIME_VERSION, OPTIMISATION } from './session';

/** Without `duckdb`, which the tables' engine knows. `node` is its major version. */
export type OnnxEnvironment = Omit<NumericEnvironment, 'duckdb'>;

export function onnxEnvironment(): OnnxEnvironment {
  return {
    onnxruntime: ONNXRUNTIME_VERSION,
    node: process.versions.node.split('.')[0] ?? '',
    arch: arch(),
    isa: instructionSets(),
    optimisation: OPTIMISATION,
  };
}

/** The instruction sets that onnxruntime chooses its kernels by, on x86-64 and on ARM. */
const KERNEL_FLAGS = [
  ...['avx', 'fma', 'avx2', 'avx_vnni', 'avx512f', 'avx512bw', 'avx512_vnni', 'avx512_bf16', 'amx_tile'],
  ...['asimd', 'asimdhp', 'asimddp', 'i8mm', 'bf16', 'sve', 'sve2', 'sme'],
];

/** Linux says the CPU's abilities; elsewhere its model stands for them. */
function instructionSets(): string {
  const model = cpus()[0]?.model ?? 'unknown';
  try {
    const line = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1];
    const flags = new Set(line?.split(/\s+/));
    const known = KERNEL_FLAGS.filter((flag) => flags.has(flag));
    return known.length > 0 ? known.join('+') : model;
  } catch {
    return model;
  }
}
