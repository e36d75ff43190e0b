/** Where a connection's sockets may go. */
import type { LookupAddress, LookupOptions } from 'node:dns';
import { request } from 'node:http';
import type { MlopsError } from '../../src/domain/errors';
import { type AddressRules, guardedLookup, requireAllowed } from '../../src/sources/addresses';
import type { Guarded } from '../../src/sources/connections';
import { serving } from '../support/http-server';

const RULES: AddressRules = { connection: 'lab', allow: [], ownServers: [] };

async function refusedAs(host: string, rules: Partial<AddressRules> = {}, port = 80): Promise<string | undefined> {
  return requireAllowed({ host, port }, { ...RULES, ...rules }).then(
    () => undefined,
    (error: MlopsError) => (error.code === 'MLOPS_ADDRESS_REFUSED' ? error.message : Promise.reject(error))
  );
}

test.each<readonly [Guarded, string]>([
  ['loopback', '127.0.0.1'],
  ['loopback', '127.255.3.4'],
  ['loopback', '::1'],
  ['loopback', '::ffff:127.0.0.1'],
  ['loopback', '::ffff:7f00:1'],
  ['loopback', '64:ff9b::7f00:1'],
  ['link-local', '169.254.169.254'],
  ['link-local', '::ffff:169.254.169.254'],
  ['link-local', 'fe80::1'],
  ['link-local', 'fd00:ec2::254'],
  ['link-local', '100.100.100.200'],
  ['private', '10.1.2.3'],
  ['private', '172.31.0.1'],
  ['private', '192.168.1.1'],
  ['private', '100.64.0.1'],
  ['private', 'fd12::1'],
])('%s: %s is refused unless it is allowed', async (kind, host) => {
  expect(await refusedAs(host)).toContain(`"${kind}"`);
  expect(await refusedAs(host, { allow: [kind] })).toBeUndefined();
});

test.each(['0.0.0.0', '::', '224.0.0.1', '255.255.255.255', 'ff02::1'])(
  '%s is no host, whatever is allowed',
  async (host) => {
    const allow = ['loopback', 'link-local', 'private', 'own-servers'] as const;
    expect(await refusedAs(host, { allow })).toContain('not the address of a host');
  }
);

test.each(['93.184.215.14', '2606:2800:21f:cb07:6820:80da:af6b:8b2c', '172.32.0.1'])(
  '%s is anybody’s',
  async (host) => {
    expect(await refusedAs(host)).toBeUndefined();
  }
);

test("the project's own servers are refused by any name of theirs, and only at their port", async () => {
  const rules: Partial<AddressRules> = { allow: ['loopback'], ownServers: [{ host: 'localhost', port: 27_017 }] };
  expect(await refusedAs('127.0.0.1', rules, 27_017)).toContain('"own-servers"');
  expect(await refusedAs('127.0.0.9', rules, 27_017)).toContain('"own-servers"');
  expect(await refusedAs('127.0.0.1', rules, 80)).toBeUndefined();
  expect(await refusedAs('127.0.0.1', { ...rules, allow: ['loopback', 'own-servers'] }, 27_017)).toBeUndefined();
});

test('a name is checked where the socket resolves it, in both forms of the look-up', async () => {
  const look = guardedLookup({ host: 'localhost', port: 80 }, RULES);
  const refused = await new Promise((done) => look('localhost', {} as LookupOptions, done as never));
  expect(refused).toMatchObject({ code: 'MLOPS_ADDRESS_REFUSED' });
  const open = guardedLookup({ host: 'localhost', port: 80 }, { ...RULES, allow: ['loopback'] });
  const one = await new Promise((done) =>
    open('localhost', {} as LookupOptions, (error, address) => done({ error, address }))
  );
  expect(one).toEqual({ error: null, address: expect.stringMatching(/^(127\.0\.0\.1|::1)$/) as string });
  const all = await new Promise((done) =>
    open('localhost', { all: true } as LookupOptions, (_, found) => done(found as unknown as LookupAddress[]))
  );
  expect(all).toContainEqual({
    address: expect.stringMatching(/^(127\.0\.0\.1|::1)$/) as string,
    family: expect.any(Number) as number,
  });
});

test('a socket with this look-up reaches no server at a refused address', async () => {
  const server = await serving((_, response) => response.end());
  try {
    const target = { host: 'localhost', port: server.port };
    const failed = await new Promise((done) => {
      request({ ...target, lookup: guardedLookup(target, RULES) }, () => done('answered'))
        .on('error', done)
        .end();
    });
    expect(failed).toMatchObject({ code: 'MLOPS_ADDRESS_REFUSED' });
    expect(server.asked).toEqual([]);
  } finally {
    await server.close();
  }
});
