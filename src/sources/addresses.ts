/**
 * Which addresses a connection's sockets may go to. A name is resolved by the look-up that the socket itself uses, and what
 * it gives is checked there: a name that resolves differently the next moment leads nowhere else.
 */
import { type LookupAddress, lookup as resolve } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { networkInterfaces } from 'node:os';
import { promisify } from 'node:util';
import { MlopsError } from '../domain/errors';
import type { Guarded } from './connections';

export interface HostPort {
  /** A name or an address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

export interface AddressRules {
  /** The connection's name, for errors. */
  readonly connection: string;
  readonly allow: readonly Guarded[];
  /** The project's MongoDB, object store and Temporal. */
  readonly ownServers: readonly HostPort[];
}

type Kind = Exclude<Guarded, 'own-servers'> | 'no host';

/** The first that has an address gives its kind. */
const KINDS: readonly (readonly [Kind, BlockList])[] = [
  [
    'link-local',
    listOf('169.254.0.0/16 100.100.100.200/32 168.63.129.16/32 192.0.0.192/32 fe80::/10 fd00:ec2::254/128'),
  ],
  ['loopback', listOf('127.0.0.0/8 ::1/128')],
  ['private', listOf('10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 100.64.0.0/10 fc00::/7 fec0::/10')],
  ['no host', listOf('0.0.0.0/8 192.0.0.0/24 224.0.0.0/3 ::/128 ff00::/8 2001:db8::/32')],
];

/**
 * For a socket's `lookup`.
 * @param target what the socket goes to
 */
export function guardedLookup(target: HostPort, rules: AddressRules): LookupFunction {
  return (host, options, done) => {
    resolve(host, { ...options, all: true }, (error, found) => {
      if (error !== null) return done(error, '', 0);
      allAllowed(found, { ...target, host }, rules).then(
        () => {
          if (options.all === true) done(null, found);
          else done(null, found[0]!.address, found[0]!.family);
        },
        (refused: Error) => done(refused as NodeJS.ErrnoException, '', 0)
      );
    });
  };
}

/** A socket asks no look-up for a host that is an address: ask this before. */
export async function requireAllowed(target: HostPort, rules: AddressRules): Promise<void> {
  if (isIP(target.host) !== 0) await allAllowed([{ address: target.host, family: 0 }], target, rules);
}

/** Asks for a name's addresses, and whether they are allowed: for an error before a driver wraps it. */
export async function requireResolved(target: HostPort, rules: AddressRules): Promise<void> {
  if (isIP(target.host) !== 0) return;
  await allAllowed(await promisify(resolve)(target.host, { all: true }), target, rules);
}

async function allAllowed(found: readonly LookupAddress[], target: HostPort, rules: AddressRules): Promise<void> {
  for (const { address } of found) {
    const kind = kindOf(address);
    if (kind === 'no host')
      throw refused(target, rules, 'is not the address of a host', "Correct the connection's address.");
    if (kind !== undefined && !rules.allow.includes(kind)) throw guarded(target, rules, kind);
  }
  if (rules.allow.includes('own-servers')) return;
  const own = await addressesOf(rules.ownServers.filter(({ port }) => port === target.port));
  const ownHere = [...own].some(isThisMachine);
  if (found.some(({ address }) => own.has(plain(address)) || (ownHere && isThisMachine(plain(address)))))
    throw guarded(target, rules, 'own-servers');
}

function kindOf(address: string): Kind | undefined {
  const ip = plain(address);
  const family = isIP(ip) === 6 ? 'ipv6' : 'ipv4';
  return KINDS.find(([, list]) => list.check(ip, family))?.[0];
}

/** IPv4 within IPv6 (mapped, NAT64) counts as what it leads to; a zone is not a part of the address. */
function plain(address: string): string {
  const ip = address.replace(/%.*$/, '');
  if (isIP(ip) !== 6) return ip;
  const text = new URL(`http://[${ip}]`).hostname.slice(1, -1);
  const mapped = /^(?:::ffff:|64:ff9b::)(?:([0-9a-f]{1,4}):)?([0-9a-f]{1,4})$/.exec(text);
  if (mapped === null) return text;
  const bits = Number.parseInt(mapped[1] ?? '0', 16) * 65_536 + Number.parseInt(mapped[2] as string, 16);
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.');
}

/** Loopback leads to this machine, as do all its interfaces. */
function isThisMachine(ip: string): boolean {
  if (kindOf(ip) === 'loopback') return true;
  return Object.values(networkInterfaces()).some((each) => each?.some(({ address }) => plain(address) === ip));
}

async function addressesOf(servers: readonly HostPort[]): Promise<ReadonlySet<string>> {
  const found = await Promise.all(
    // One of ours that has no address now can't be reached by it either.
    servers.map(({ host }) => promisify(resolve)(host, { all: true }).catch((): LookupAddress[] => []))
  );
  return new Set(found.flat().map(({ address }) => plain(address)));
}

function guarded(target: HostPort, rules: AddressRules, kind: Guarded): MlopsError {
  const what = kind === 'own-servers' ? "is one of the project's own servers" : `leads to a ${kind} address`;
  return refused(target, rules, what, `If that is meant, add "${kind}" to the connection's allow.`);
}

function refused({ host, port }: HostPort, { connection }: AddressRules, what: string, fix: string): MlopsError {
  return new MlopsError('MLOPS_ADDRESS_REFUSED', `${host} ${what}.`, { connection, host, port }, fix);
}

function listOf(subnets: string): BlockList {
  const list = new BlockList();
  for (const subnet of subnets.split(' ')) {
    const [ip = '', bits = ''] = subnet.split('/');
    list.addSubnet(ip, Number(bits), isIP(ip) === 6 ? 'ipv6' : 'ipv4');
  }
  return list;
}
