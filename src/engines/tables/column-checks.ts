/**
 * What the schema asks of a column's values, said once: rules.ts makes SQL of it for batches, monitor/data-quality.ts
 * counts it in windows. A missing value breaks `present` alone.
 */
import type { ColumnRule } from '../../domain/definition';

export interface ColumnCheck {
  /** What holds for a good row: `delay at least -120`. */
  readonly name: string;
  readonly holds:
    | { readonly kind: 'present' }
    | { readonly kind: 'at least' | 'at most'; readonly bound: number }
    | { readonly kind: 'one of'; readonly values: readonly string[] };
}

export function columnChecks({ column, required, min, max, oneOf }: ColumnRule): readonly ColumnCheck[] {
  const holds: readonly ColumnCheck['holds'][] = [
    ...(required ? [{ kind: 'present' } as const] : []),
    ...(min === undefined ? [] : [{ kind: 'at least', bound: min } as const]),
    ...(max === undefined ? [] : [{ kind: 'at most', bound: max } as const]),
    ...(oneOf === undefined ? [] : [{ kind: 'one of', values: oneOf } as const]),
  ];
  return holds.map((one) => ({ name: `${column} ${wordsOf(one)}`, holds: one }));
}

function wordsOf(holds: ColumnCheck['holds']): string {
  switch (holds.kind) {
    case 'present':
      return 'present';
    case 'at least':
    case 'at most':
      return `${holds.kind} ${holds.bound}`;
    case 'one of':
      return `one of ${holds.values.join(', ')}`;
  }
}
