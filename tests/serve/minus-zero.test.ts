/** A zero that a request brings has no sign, as none has in a snapshot: batch and endpoint read the same bits. */
import { join } from 'node:path';
import { modelInputs } from '../../src/domain/endpoint';
import { feedsOf } from '../../src/engines/features/feeds';
import { loadColumns } from '../../src/engines/tables/load';
import { parseInferRequest } from '../../src/serve/infer-request';
import { tensorOf } from '../../src/serve/input-values';
import { DEFAULT_LIMITS } from '../../src/serve/limits';
import { columnsOf, ingestOrders, sql, testFolder } from '../engines/tables/files';

const COLUMNS = { at: 'timestamp', n: 'integer', x: 'number', v: 'vector(2)' } as const;
const MODEL = [
  { column: 'n', type: 'number' },
  { column: 'x', type: 'number' },
  { column: 'v', type: 'vector', width: 2 },
] as const;

test('numbers, integers and vectors of a request are those of the rows', async () => {
  const folder = testFolder();
  try {
    const signed = `SELECT timestamp '2024-01-01' + to_minutes(i) AS at, 0 AS n, x, CASE WHEN x IS NOT NULL THEN [x, 1] END AS v
      FROM (VALUES (0, '-0.0'::DOUBLE), (1, 0), (2, NULL), (3, 2.5)) t(i, x)`;
    await sql(`COPY (${signed}) TO '${join(folder.path, 'orders.parquet')}' (FORMAT parquet)`);
    const source = { columns: COLUMNS, eventTime: 'at', knownAt: { column: 'at' } } as const;
    const { data } = await ingestOrders(folder.path, { source });
    const { table } = await loadColumns({ shards: data, columns: COLUMNS, where: {}, eventTime: 'at' });
    const batch = feedsOf(table, MODEL, 0, 4);

    const inputs = modelInputs({
      features: MODEL.map(({ column }) => ({ transform: 'isMissing', column })),
      source: { columns: columnsOf(COLUMNS) },
      schema: { columns: [] },
    } as never);
    const tensors = [
      { name: 'n', datatype: 'INT64', shape: [4], data: [-0, 0, -0, 0] },
      { name: 'x', datatype: 'FP64', shape: [4], data: [-0, 0, null, 2.5] },
      { name: 'v', datatype: 'FP64', shape: [4, 2], data: [[-0, 1], [0, 1], null, [2.5, 1]] },
    ];
    const body: unknown = JSON.parse(JSON.stringify({ inputs: tensors }).replaceAll('[0,', '[-0,'));
    const optional = inputs.map((input) => ({ ...input, optional: false }));
    for (const sent of [{ inputs: tensors }, body]) {
      const { columns } = parseInferRequest(sent, optional, DEFAULT_LIMITS, new Date(), 'binary');
      const served = MODEL.map(({ column, ...input }) => [column, tensorOf(input, columns.get(column)!)]);
      // Jest's equality knows the sign of a zero.
      expect(Object.fromEntries(served)).toEqual(batch);
      expect(columns.get('x')).toEqual([0, 0, null, 2.5]);
    }
  } finally {
    folder.remove();
  }
});
