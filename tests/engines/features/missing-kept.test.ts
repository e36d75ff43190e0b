/** Features for a model that takes missing numbers as they are. */
import { featureGraph } from '../../../src/engines/features/feature-graph';
import { fitFeatures } from '../../../src/engines/features/fit';
import { withMissingKept } from '../../../src/engines/features/fitted';
import { makeFeatures } from '../../../src/engines/features/make-features';
import { numberColumn, SILENT, table } from './tables';

test('missing numbers stay missing but where impute fills them, and the others keep their bits', async () => {
  const rows = table({ x: numberColumn([1, Number.NaN, 4, 1e30]), y: numberColumn([Number.NaN, 2, 3, 0]) });
  const fitted = fitFeatures(rows, [
    { transform: 'standardize', column: 'x' },
    { transform: 'impute', column: 'y', with: 7 },
    { transform: 'log', column: 'y', plus: 0 },
    { transform: 'clip', column: 'x', max: 3 },
  ]);
  const kept = JSON.parse(JSON.stringify(withMissingKept(fitted))) as typeof fitted;
  const [filled, missing] = await Promise.all(
    [fitted, kept].map(async (each) => [...(await makeFeatures(featureGraph(each), each, rows, SILENT)).dense])
  );
  // x stands in columns 0 and 3, the logarithm of y in 2.
  const gone = [4, 7, 2, 14];
  expect(missing).toEqual(filled!.map((value, at) => (gone.includes(at) ? Number.NaN : value)));
});
