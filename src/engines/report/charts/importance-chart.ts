import type { ColumnImportance } from '../../../domain/evaluation';
import { type Chart, quantitative, shortNames, spec } from './chart';

const MOST_DRAWN = 15;

export function importanceChart(importance: readonly ColumnImportance[], loss: string): Chart | undefined {
  if (importance.length < 2) return undefined;
  const drawn = importance.slice(0, MOST_DRAWN);
  const names = shortNames(
    drawn.map(({ column }) => column),
    20
  );
  return {
    id: 'importance',
    title: 'Importance of columns',
    about: `How much the ${loss} grows when a column's values are shuffled: ${drawn.length} of ${importance.length} columns.`,
    spec: spec(
      drawn.map(({ increase }, i) => ({ column: names[i]!, increase })),
      {
        mark: { type: 'bar' },
        encoding: {
          // In the order of the rows, which is that of importance.
          y: { field: 'column', type: 'nominal', sort: null, title: null, axis: { labelLimit: 120 } },
          x: quantitative('increase', `increase of ${loss}`, { axis: { tickCount: 4 } }),
        },
      }
    ),
  };
}
