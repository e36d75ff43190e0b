/** The neighbours of what has no edges of its own: predictions are too many, and what moves names its records itself. */
import type { FactKind, Ref } from '../domain/refs';
import { findCycle } from '../stores/cycles';
import { decisionsOn } from '../stores/decisions';
import { nodeOf } from '../stores/facts';
import { findRequest } from '../stores/requests';
import { findRollout } from '../stores/rollouts';
import { findView, viewsOfSnapshot } from '../stores/view-values';
import { findRecord } from './find';
import type { RecordStores } from './stores';
import { versionLabel } from '../domain/ids';

/** `up`: what a record was made from. `down`: what was made from it. */
export type Direction = 'up' | 'down';

export interface Step {
  readonly relation: string;
  readonly node: string;
}

type NeighboursOf = (stores: RecordStores, id: string) => Promise<Readonly<Record<Direction, readonly Step[]>>>;

const NEIGHBOURS: Readonly<Record<string, NeighboursOf>> = {
  prediction,
  trigger,
  request,
  cycle,
  rollout,
  snapshot,
  view,
};
const NONE = { up: [], down: [] };

export async function neighbours(stores: RecordStores, direction: Direction, node: string): Promise<readonly Step[]> {
  const [, kind = '', id = ''] = /^([a-z]+):(.+)$/.exec(node) ?? [];
  const of = Object.hasOwn(NEIGHBOURS, kind) ? NEIGHBOURS[kind] : undefined;
  return of === undefined ? [] : (await of(stores, id))[direction];
}

const step = (relation: string, node: Pick<Ref, 'kind' | 'id'>): Step => ({ relation, node: nodeOf(node) });

async function prediction(stores: RecordStores, id: string) {
  const found = await findRecord(stores, 'prediction', id);
  const version =
    found === undefined
      ? undefined
      : await findRecord(stores, 'version', versionLabel(found.endpoint, found.record.version));
  return version === undefined ? NONE : { up: [step('was served by', { kind: 'version', id: version._id })], down: [] };
}

async function trigger(stores: RecordStores, id: string) {
  const found = await findRecord(stores, 'trigger', id);
  if (found === undefined) return NONE;
  return {
    up: [step('was found in', { kind: 'window', id: found.window })],
    down: found.cycle === undefined ? [] : [{ relation: 'led to', node: `cycle:${found.cycle}` }],
  };
}

async function request(stores: RecordStores, id: string) {
  const asked = await findRequest(stores, id);
  if (asked === null) return NONE;
  const decisions = await decisionsOn(stores, id);
  return {
    up: asked.about.map((ref) => step('asks about', ref)),
    down: decisions.map(({ _id }) => step('was answered by', { kind: 'decision', id: _id })),
  };
}

/** The last first: what is further down the same line is then below it once, with what followed from it. */
const MADE = [
  'version',
  'evaluation',
  'run',
  'featureSet',
  'labelSet',
  'report',
  'snapshot',
] as const satisfies readonly FactKind[];

async function cycle(stores: RecordStores, id: string) {
  const document = await findCycle(stores, id);
  if (document === null) return NONE;
  const { definition, causes, refs } = document;
  const windows = causes.flatMap(({ window }) => (window === undefined ? [] : [window]));
  const asked = await findRequest(stores, id);
  return {
    up: [
      step('goes by', definition),
      ...windows.map((window) => step('was caused by', { kind: 'window', id: window })),
    ],
    down: [
      ...(asked === null ? [] : [{ relation: 'asked', node: `request:${id}` }]),
      ...MADE.flatMap((kind) => (refs[kind] === undefined ? [] : [step('came to', refs[kind])])),
    ],
  };
}

async function rollout(stores: RecordStores, id: string) {
  const document = await findRollout(stores, id);
  if (document === null) return NONE;
  const { version, former, endpoint } = document;
  return {
    up: [
      step('brought', version),
      ...(former === undefined ? [] : [step('met', { kind: 'version', id: former.version })]),
    ],
    down: [{ relation: 'went to', node: `endpoint:${endpoint}` }],
  };
}

/** The newest values of an entity, as endpoints read them. */
async function snapshot(stores: RecordStores, id: string) {
  const views = await viewsOfSnapshot(stores, id);
  return { up: [], down: views.map(({ _id }) => ({ relation: 'was materialized as', node: `view:${_id}` })) };
}

async function view(stores: RecordStores, id: string) {
  const document = await findView(stores, id);
  if (document === null) return NONE;
  return { up: [step('was materialized of', document.snapshot), step('goes by', document.definition)], down: [] };
}
