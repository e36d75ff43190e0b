/** How training went, epoch after epoch or round after round; and where the loss is high. */
import type { Slice } from '../../../domain/evaluation';
import { quoted } from '../../../domain/quote';
import type { EpochMetrics } from '../../../domain/records';
import { bothRows, byModel, type Chart, quantitative, type Row, spec } from './chart';

export function learningChart(epochs: readonly EpochMetrics[]): Chart | undefined {
  if (epochs.length < 2) return undefined;
  const values = epochs.flatMap(({ epoch, loss, validationLoss }): readonly Row[] => [
    { epoch, rows: 'training', loss },
    ...(validationLoss === undefined ? [] : [{ epoch, rows: 'validation', loss: validationLoss }]),
  ]);
  const best = bestEpoch(epochs);
  return {
    id: 'learning',
    title: 'Learning curve',
    about: `Mean loss of the rows by epoch or round${best === undefined ? '' : `; on the validation rows it is least at ${best}`}.`,
    spec: spec(values, {
      mark: { type: 'line', point: epochs.length <= 30 },
      encoding: {
        x: quantitative('epoch', 'epoch or round', {
          scale: { zero: false, nice: false },
          axis: { tickMinStep: 1, tickCount: 5 },
        }),
        y: quantitative('loss', 'mean loss', { scale: { zero: false } }),
        color: {
          field: 'rows',
          type: 'nominal',
          scale: { domain: ['training', 'validation'] },
          legend: { title: null, orient: 'top' },
        },
      },
    }),
  };
}

function bestEpoch(epochs: readonly EpochMetrics[]): number | undefined {
  const validated = epochs.filter(({ validationLoss }) => validationLoss !== undefined);
  if (validated.length === 0) return undefined;
  return validated.reduce((a, b) => (b.validationLoss! < a.validationLoss! ? b : a)).epoch;
}

/** Blocks in their order: days by time. One by one in a table they are exact. */
export function slicesChart(slices: readonly Slice[], blocksOf: string, loss: string): Chart | undefined {
  if (slices.length < 2) return undefined;
  const values = slices.flatMap(({ name, loss: own, championLoss }, order): readonly Row[] => [
    { order: order + 1, block: quoted(name), loss: own, model: 'candidate' },
    ...(championLoss === undefined
      ? []
      : [{ order: order + 1, block: quoted(name), loss: championLoss, model: 'champion' }]),
  ]);
  return {
    id: 'slices',
    title: `Loss by ${blocksOf === 'day' ? 'day' : 'block'}`,
    about: `The ${loss} of each of ${slices.length} blocks of the test rows, in their order.`,
    spec: spec(values, {
      mark: { type: 'line', point: slices.length <= 60 },
      encoding: {
        x: quantitative('order', blocksOf === 'day' ? 'day of the test rows' : 'block', {
          scale: { zero: false, nice: false },
          axis: { tickMinStep: 1, tickCount: 5 },
        }),
        y: quantitative('loss', loss, { scale: { zero: false } }),
        ...byModel({}),
      },
    }),
  };
}

/** Of two versions: on the validation rows, where both have them. */
export function learningCharts(
  a: readonly EpochMetrics[],
  b: readonly EpochMetrics[],
  names: readonly [string, string]
): Chart | undefined {
  if (a.length < 2 && b.length < 2) return undefined;
  const isValidated = [...a, ...b].every(({ validationLoss }) => validationLoss !== undefined);
  const rowsOf = (epochs: readonly EpochMetrics[]): readonly Row[] =>
    epochs.map(({ epoch, loss, validationLoss }) => ({ epoch, loss: isValidated ? validationLoss! : loss }));
  const both = { candidate: b, champion: a, names };
  return {
    id: 'learning',
    title: 'Learning curves',
    about: `Mean loss of the ${isValidated ? 'validation' : 'training'} rows by epoch or round.`,
    spec: spec(bothRows(both, rowsOf), {
      mark: { type: 'line' },
      encoding: {
        x: quantitative('epoch', 'epoch or round', {
          scale: { zero: false, nice: false },
          axis: { tickMinStep: 1, tickCount: 5 },
        }),
        y: quantitative('loss', 'mean loss', { scale: { zero: false } }),
        ...byModel(both),
      },
    }),
  };
}
