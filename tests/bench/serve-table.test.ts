import { tableOf } from '../../bench/serve/table';

test('each point shows what everybody answers, and our part of FastAPI beside the aim', () => {
  const table = tableOf(
    {
      bench: 'serve',
      unit: 'requests per second',
      better: 'higher',
      ours: { '1': 900, '4x1000': 100 },
      peers: { 'fastapi 1': 1_000, 'fastapi 4x1000': 160, 'fastify 1': 5_000, 'fastify 4x1000': 700 },
      ratio: { 'fastapi 1': 0.9, 'fastapi 4x1000': 0.625, 'fastify 1': 0.18, 'fastify 4x1000': 0.14 },
      aim: '',
      met: true,
      runs: 1,
      untilStored: { ours: { '1': 880, '4x1000': 40 }, ratio: {}, met: false },
      load: 0,
    },
    [
      { name: '1', aim: 0.9 },
      { name: '4x1000', aim: 0.6 },
    ]
  );
  expect(table.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
    ['point', 'ours', 'ours until stored', 'fastapi', 'fastify', 'times fastapi', 'aim'],
    ['1', '900', '880', '1000', '5000', '0.9', '0.9'],
    ['4x1000', '100', '40', '160', '700', '0.625', '0.6'],
  ]);
});
