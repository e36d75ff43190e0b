/** The quickstart's driver against a server that keeps what it was sent. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Flight } from '../../scripts/quickstart/flights';
import { Traffic } from '../../scripts/quickstart/traffic';

interface Sent {
  readonly path: string;
  readonly body: {
    readonly id: string;
    readonly parameters?: { readonly eventTime: string; readonly key: string; readonly synthetic?: true };
    readonly inputs?: readonly { readonly name: string; readonly data: readonly unknown[] }[];
    readonly value?: number;
    readonly eventTime?: string;
  };
}

let server: Server;
let address: string;
let sent: Sent[];
/** How often each next request is refused as by a full spool. */
let full: number;
beforeEach(async () => {
  sent = [];
  full = 0;
  server = createServer((request, response) => {
    void text(request).then((body) => {
      if (full > 0) {
        full -= 1;
        response.writeHead(503).end('full');
        return;
      }
      sent.push({ path: request.url ?? '', body: JSON.parse(body) as Sent['body'] });
      response.end('{}');
    });
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => new Promise((closed) => server.close(closed)));

const at = (time: string): number => Date.parse(time);
const flight = (row: number, departs: string, truthAt: string): Flight => ({
  key: `sha256:f:${row}`,
  departs: at(departs),
  truthAt: at(truthAt),
  date: BigInt(at(departs)) * 1000n,
  distance: 1000,
  origin: 'SFO',
  destination: 'ORD',
  late: row === 2 ? 1 : 0,
});
const FLIGHTS = [
  flight(1, '2001-04-18T12:00:00Z', '2001-04-20T12:00:00Z'),
  flight(2, '2001-04-19T00:00:00Z', '2001-04-20T13:00:00Z'),
  flight(3, '2001-04-26T00:00:00Z', '2001-04-27T12:00:00Z'),
];
const never = () => undefined;
const running = () => false;
const distances = () =>
  sent.flatMap(({ body }) => body.inputs?.filter(({ name }) => name === 'distance').map(({ data }) => data[0]) ?? []);

/** One after the other, so that the order of arrival is that of sending. */
async function drive(traffic: Traffic): Promise<void> {
  let turn = 0;
  await traffic.run(
    // A hold that is over at once lets everything arrive; every second look lets one thing go.
    () => (turn++ % 2 === 0 ? Promise.resolve() : undefined),
    running
  );
  await traffic.close();
}

test('requests and truths go out in event order, each truth by its prediction’s id', async () => {
  const traffic = new Traffic({ endpoint: address, model: 'flights-1', flights: FLIGHTS });
  await drive(traffic);
  const told = sent.filter(({ body }) => body.parameters?.synthetic === undefined);
  expect(told.map(({ path, body }) => `${path.split('/').at(-1)} ${body.id} ${body.value ?? ''}`.trim())).toEqual([
    'infer 1',
    'infer 2',
    'truth 1 0',
    'truth 2 1',
    'infer 3',
    'truth 3 0',
  ]);
  expect(told[0]).toMatchObject({
    path: '/v2/models/flights-1/infer',
    body: { parameters: { eventTime: '2001-04-18T12:00:00.000Z', key: 'sha256:f:1' } },
  });
  expect(told[2]?.body.eventTime).toBe('2001-04-20T12:00:00.000Z');
  expect([traffic.predictions, traffic.truths, traffic.position]).toEqual([3, 3, at('2001-04-27T12:00:00Z')]);
});

test('without a fault every distance is in miles; --fault km sends those of its week in kilometres', async () => {
  const driver = (more: object) => new Traffic({ endpoint: address, model: 'm', flights: FLIGHTS, ...more });
  const miles = driver({});
  await miles.run(never, running);
  await miles.close();
  expect(distances()).toEqual([1000, 1000, 1000]);
  sent = [];
  const faulty = driver({ kmBetween: { from: at('2001-04-19T00:00:00Z'), to: at('2001-04-26T00:00:00Z') } });
  await drive(faulty);
  const asked = sent.filter(({ body }) => body.inputs !== undefined && body.parameters?.synthetic === undefined);
  expect(asked.map(({ body }) => [body.id, body.inputs?.[1]?.data])).toEqual([
    ['1', [1000]],
    ['2', [1609]],
    ['3', [1000]],
  ]);
});

test('while it holds nothing of the story is sent, only synthetic requests with ids of their own, and none is counted', async () => {
  const traffic = new Traffic({ endpoint: address, model: 'm', flights: FLIGHTS.slice(0, 1) });
  let release: () => void = never;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  let asked = false;
  const hold = (position: number): Promise<void> | undefined => {
    if (asked || position === 0) return undefined;
    asked = true;
    return held;
  };
  const driving = traffic.run(hold, running);
  while (sent.length < 4) await new Promise((resolve) => setImmediate(resolve));
  const synthetic = sent.slice(1);
  expect(sent[0]?.body.parameters?.synthetic).toBeUndefined();
  expect(synthetic.every(({ body }) => body.parameters?.synthetic === true)).toBe(true);
  expect(new Set(sent.map(({ body }) => body.id)).size).toBe(sent.length);
  release();
  await driving;
  await traffic.close();
  expect(sent.at(-1)?.path).toBe('/v2/models/m/truth');
  expect([traffic.predictions, traffic.truths]).toEqual([1, 1]);
});

test('a full spool is asked again; it ends as soon as the story has ended', async () => {
  full = 2;
  const traffic = new Traffic({ endpoint: address, model: 'm', flights: FLIGHTS });
  await traffic.run(never, () => traffic.position > 0);
  await traffic.close();
  expect(sent.map(({ body }) => body.id)).toEqual(['1']);
  expect([traffic.refused, traffic.predictions]).toEqual([2, 1]);
});
