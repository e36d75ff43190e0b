/** The digest as its documentation defines it, made here a second time from values alone. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { observe } from '../../../src/engines/tables/observe';
import { ingestOrders, ORDERS, testFolder, write } from './files';

const sha256 = (...parts: readonly (string | Uint8Array)[]) =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
const column = (name: string, type: string, ...values: readonly (string | Uint8Array)[]) =>
  sha256(`${JSON.stringify({ name, type, rows: 3 })}\n`, ...values);
const bytes = (values: BigInt64Array | Float64Array | Int32Array | Int8Array) =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

test('a shard digest can be recomputed from its values', async () => {
  const folder = testFolder();
  try {
    write(
      folder.path,
      'orders.csv',
      'at,amount,price,city,paid\n2024-01-01T00:00:00Z,1,0.5,Rome,true\n2024-01-01T00:00:01Z,,,,\n2024-01-01T00:00:02Z,-3,2,Bern,false\n'
    );
    const { shards } = await ingestOrders(folder.path, { format: 'csv' });
    const reader = { file: { path: join(folder.path, 'orders.csv'), format: 'csv' } } as const;
    const [file] = (await observe({ ...ORDERS, reader }, folder.path)).files;
    const missing = -(2n ** 63n);
    const first = 1_704_067_200_000_000n;
    const hour = 3_600_000_000n;
    const times = (offset: bigint) => BigInt64Array.from([0n, 1n, 2n], (s) => first + offset + s * 1_000_000n);
    // In code-point order: '_' comes before small letters.
    const expected = sha256(
      column('__file', 'string', bytes(Int32Array.of(0, 0, 0)), JSON.stringify([file!.digest])),
      column('__known_at', 'timestamp', bytes(times(hour))),
      column('__row', 'integer', bytes(BigInt64Array.of(0n, 1n, 2n))),
      column('amount', 'integer', bytes(BigInt64Array.of(1n, missing, -3n))),
      column('at', 'timestamp', bytes(times(0n))),
      column('city', 'string', bytes(Int32Array.of(1, -1, 0)), JSON.stringify(['Bern', 'Rome'])),
      column('paid', 'boolean', bytes(Int8Array.of(1, -1, 0))),
      column('price', 'number', bytes(Float64Array.of(0.5, Number.NaN, 2)))
    );
    expect(shards[0]!.rowsDigest).toBe(`sha256:${expected.toString('hex')}`);
  } finally {
    folder.remove();
  }
});
