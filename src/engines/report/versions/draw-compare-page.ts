import { drawCharts } from '../charts/draw';
import type { Comparison } from './compare';
import { comparePage, comparisonCharts } from './compare-page';

export async function drawComparePage(comparison: Comparison): Promise<string> {
  return comparePage(comparison, await drawCharts(comparisonCharts(comparison)));
}
