/** Who decides in the quickstart: the demo, the person at the terminal, or somebody elsewhere while the question stands. */
import { decidedDigest } from '../../src/domain/approval';
import { PassThrough } from 'node:stream';
import { type Asking, approved, type Terminal } from '../../scripts/quickstart/people';
import { Lifecycles } from '../support/lifecycles';
import { writeSmallFlights } from '../support/small-flights';
import { openSystem, type TestSystem } from '../support/system';
import { raw } from '../support/raw-records';

let system: TestSystem;
let lifecycles: Lifecycles;
let said: string;

beforeAll(async () => {
  system = await openSystem('people');
  lifecycles = new Lifecycles(system, await writeSmallFlights(system.folder));
  await system.startWorker();
});
beforeEach(() => {
  said = '';
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += String(text);
    return true;
  });
});
afterEach(() => jest.restoreAllMocks());
afterAll(async () => {
  await lifecycles.end();
  await system.close();
});

/** Each test decides on the first cycle of a project of its own; they share what its steps made. */
async function nextRequest() {
  const project = await lifecycles.start(lifecycles.define());
  return lifecycles.request(project, 1);
}

function terminal(isTTY = true) {
  const stdin = Object.assign(new PassThrough(), { isTTY });
  const stderr = new PassThrough();
  let shown = '';
  const asked = new Promise<void>((resolve) => {
    stderr.on('data', (chunk: Buffer) => {
      shown += chunk.toString();
      if (shown.includes('[y/N, ')) resolve();
    });
  });
  return {
    at: { stdin, stderr } satisfies Terminal,
    type: (line: string) => stdin.write(line),
    asked,
    shown: () => shown,
  };
}

const asking = (yes: boolean): Asking => ({
  client: system.client,
  stores: system.stores,
  options: { yes, fresh: false },
  temporalUi: 'http://127.0.0.1:8233',
});

const decisionOn = async ({ _id }: { readonly _id: string }) => {
  const id = { 'body.request': _id };
  const { body } = (await raw(system.stores).facts('decision').findOne(id)) ?? {};
  return [body?.by, body?.verdict, body?.comment];
};

test('n at the terminal rejects, and the quickstart ends with that', async () => {
  const { at, type, asked } = terminal();
  const request = await nextRequest();
  const deciding = approved(asking(false), request, at);
  await asked;
  type('n\n');
  await expect(deciding).rejects.toThrow(`${request._id} is rejected`);
  expect(await decisionOn(request)).toEqual(['ana', 'reject', 'at the terminal']);
  for (const line of request.evidence) expect(said).toContain(line);
  expect(said).toContain(
    `http://127.0.0.1:8233/namespaces/default/workflows/${encodeURIComponent(request.workflowId)}`
  );
  expect(said).toContain(
    `npx mlops decide ${request._id} --by ana --approve --digest ${decidedDigest(request.subject)}`
  );
});

test('somebody decides elsewhere: the question is withdrawn, and nobody needs to press Enter', async () => {
  const { at, asked, shown } = terminal();
  const request = await nextRequest();
  const deciding = approved(asking(false), request, at);
  await asked;
  await lifecycles.decide(request.project, 1, 'approve', 'ben');
  await deciding;
  expect(await decisionOn(request)).toEqual(['ben', 'approve', undefined]);
  expect(shown()).toMatch(/\n$/);
  expect(at.stdin.listenerCount('keypress') + at.stdin.listenerCount('end')).toBe(0);
});

test('Enter leaves it to others; without a terminal nobody is asked', async () => {
  const { at, type, asked } = terminal();
  const request = await nextRequest();
  const deciding = approved(asking(false), request, at);
  await asked;
  type('\n');
  const { at: piped, shown } = terminal(false);
  const waiting = approved(asking(false), request, piped);
  expect(await decisionOn(request)).toEqual([undefined, undefined, undefined]);
  await lifecycles.decide(request.project, 1, 'approve', 'ben');
  await Promise.all([deciding, waiting]);
  expect(shown()).toBe('');
});

test('--yes: the demo approves, on the request’s digest, and nobody is asked', async () => {
  const { at, shown } = terminal();
  const request = await nextRequest();
  await approved(asking(true), request, at);
  expect(await decisionOn(request)).toEqual(['ana', 'approve', 'demo']);
  expect([shown(), said]).toEqual(['', expect.stringMatching(/ana: approve — accepted, /)]);
  expect(said).not.toContain('another shell');
});
