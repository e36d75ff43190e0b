/** One ONNX file of 52 nodes for all servers: the tests' model of flights, which takes distances as floating point numbers here. */
import type { ServedVersion } from '../../src/domain/endpoint';
import { AIRPORTS, FLIGHT_INPUTS, flightsVersion } from '../../tests/serve/flights-model';

export function benchModel(): { readonly bytes: Uint8Array; readonly version: ServedVersion } {
  const { bytes, version } = flightsVersion(1);
  const inputs = FLIGHT_INPUTS.map((input) =>
    input.name === 'distance' ? { name: input.name, datatype: 'FP64' as const } : input
  );
  return { bytes, version: { ...version, version: 'bench/1', inputs } };
}

/** An infer request, the same for every server. */
export function benchRequest(rows: number): string {
  const column = (name: string, datatype: string, of: (row: number) => string | number) => ({
    name,
    datatype,
    shape: [rows],
    data: Array.from({ length: rows }, (_, row) => of(row)),
  });
  return JSON.stringify({
    inputs: [
      column('date', 'INT64', (row) => 981_173_106_000_000 + row * 61_000_000),
      column('distance', 'FP64', (row) => 100 + ((row * 37) % 2_000)),
      column('origin', 'BYTES', (row) => AIRPORTS[row % AIRPORTS.length]!),
      column('destination', 'BYTES', (row) => AIRPORTS[(row * 7 + 3) % AIRPORTS.length]!),
    ],
    outputs: [{ name: 'probability' }],
  });
}
