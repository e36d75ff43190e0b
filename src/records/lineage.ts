/**
 * Lineage both ways. `up`: what a record was made from. `down`: what was made from it, and what was decided and
 * deployed. Edges are stored with each record; what has none of its own is found by its neighbours (neighbours.ts).
 */
import { MlopsError } from '../domain/errors';
import type { LineageEdge } from '../domain/records';
import { FACT_KINDS, type FactKind, isDigest } from '../domain/refs';
import { edgesAt } from '../stores/edges';
import { nodeOf } from '../stores/facts';
import { findRecord } from './find';
import { isFactKind, pluralOf, type RecordKind } from './kinds';
import { type Direction, neighbours, type Step } from './neighbours';
import type { RecordStores } from './stores';
import { versionLabel } from '../domain/ids';
import { filterWords, type RowFilter } from '../domain/split';

export interface LineageNode {
  /** `version:flights/1`, an artifact's digest, `endpoint:flights`, … */
  readonly node: string;
  /** How it hangs together with the node above: as the edge is stored, or `is used by` and the like where read backwards. */
  readonly relation?: string;
  /** The record's digest; absent where there is no such record. */
  readonly digest?: string;
  readonly about?: string;
  readonly children: readonly LineageNode[];
  /** It stands with its children further up in this tree. */
  readonly repeated?: true;
  /** The depth ends here; this many follow. */
  readonly cut?: number;
}

export interface Lineage {
  readonly up: LineageNode;
  readonly down: LineageNode;
}

export interface LineageOptions {
  /** Levels each way. Default 4. */
  readonly depth?: number;
}

const DEFAULT_DEPTH = 4;

/** The lineage of a record, or of an artifact by its digest. */
export async function lineageOf(
  stores: RecordStores,
  kind: RecordKind,
  id: string,
  { depth = DEFAULT_DEPTH }: LineageOptions = {}
): Promise<Lineage> {
  const node = await startNode(stores, kind, id);
  const [up, down] = await Promise.all([
    new Walk(stores, 'up', depth).from(node),
    new Walk(stores, 'down', depth).from(node),
  ]);
  return { up, down };
}

async function startNode(stores: RecordStores, kind: RecordKind, id: string): Promise<string> {
  const record = await findRecord(stores, kind, id);
  if (record === undefined) {
    throw new MlopsError(
      'MLOPS_NOT_FOUND',
      `There is no such ${kind}.`,
      { id },
      `mlops ls ${pluralOf(kind)} lists what there is.`
    );
  }
  if (kind === 'prediction') return `prediction:${id}`;
  const stored = String((record as { readonly _id: unknown })._id);
  if (isFactKind(kind)) return nodeOf({ kind, id: stored });
  return kind === 'artifact' ? stored : `${kind}:${stored}`;
}

/** `produced` points from the maker to what was made; every other relation from the later to the earlier. */
const BACKWARDS: Record<LineageEdge['relation'], string> = {
  used: 'is used by',
  produced: 'was produced by',
  labeled: 'was labeled by',
  approved: 'was approved by',
  deployed: 'was deployed to',
  served: 'was served by',
};

class Walk {
  readonly #seen = new Set<string>();
  readonly #stores: RecordStores;
  readonly #direction: Direction;
  readonly #depth: number;

  constructor(stores: RecordStores, direction: Direction, depth: number) {
    this.#stores = stores;
    this.#direction = direction;
    this.#depth = depth;
  }

  from(node: string): Promise<LineageNode> {
    return this.#visit({ node, relation: '' }, this.#depth);
  }

  async #visit({ node, relation }: Step, depth: number): Promise<LineageNode> {
    const { digest, about } = await described(this.#stores, node);
    const self = {
      node,
      ...(relation === '' ? {} : { relation }),
      ...(digest === undefined ? {} : { digest }),
      ...(about === undefined ? {} : { about }),
      children: [],
    };
    if (this.#seen.has(node)) return { ...self, repeated: true };
    this.#seen.add(node);
    const steps = await this.#steps(node);
    if (steps.length > 0 && depth === 0) return { ...self, cut: steps.length };
    const children: LineageNode[] = [];
    // One after the other, so that what is repeated is always repeated below its first place.
    for (const step of steps) children.push(await this.#visit(step, depth - 1));
    return { ...self, children };
  }

  async #steps(node: string): Promise<Step[]> {
    const up = this.#direction === 'up';
    const [forwards, backwards] = await Promise.all([
      edgesAt(this.#stores, node, 'from', up ? 'others' : 'produced'),
      edgesAt(this.#stores, node, 'to', up ? 'produced' : 'others'),
    ]);
    return onceEach([
      ...forwards.map((edge) => ({ relation: edge.relation, node: edge.to })),
      ...backwards.map((edge) => ({ relation: BACKWARDS[edge.relation], node: edge.from })),
      ...(await neighbours(this.#stores, this.#direction, node)),
    ]);
  }
}

/** What a record approves or labels it also used: the more specific relation stays. */
function onceEach(steps: readonly Step[]): Step[] {
  const plain = (relation: string): boolean => relation === 'used' || relation === BACKWARDS.used;
  const byNode = new Map<string, Step>();
  for (const step of steps) {
    const other = byNode.get(step.node);
    if (other === undefined || plain(other.relation)) byNode.set(step.node, step);
  }
  return [...byNode.values()];
}

async function described(stores: RecordStores, node: string): Promise<{ digest?: string; about?: string }> {
  if (isDigest(node)) {
    const artifact = await stores.artifacts.find(node);
    return artifact === null
      ? { about: 'artifact; gone' }
      : { digest: node, about: `artifact, ${artifact.bytes.toLocaleString('en-US')} bytes` };
  }
  const at = node.indexOf(':');
  const kind = node.slice(0, at) as FactKind;
  if (!FACT_KINDS.includes(kind)) return {};
  const fact = await stores.facts.findHead(kind, node.slice(at + 1), ABOUT_FIELDS);
  return fact === null ? {} : { digest: fact.digest, ...about(kind, fact.body) };
}

const ABOUT_FIELDS = [
  'body.rows',
  'body.asOf',
  'body.label',
  'body.trainer',
  'body.trainRows',
  'body.project',
  'body.number',
  'body.by',
  'body.verdict',
  'body.period',
  'body.test',
  'body.definition.name',
  'body.loss',
  'body.trials',
  'body.failure.code',
  'body.of.kind',
];

function about(kind: FactKind, body: Readonly<Record<string, unknown>> = {}): { about?: string } {
  const period = body.period as { from: string; to: string } | undefined;
  const definition = body.definition as { name?: string } | undefined;
  const failure = body.failure as { code?: string } | undefined;
  const words: Record<FactKind, string | undefined> = {
    definition: definition?.name,
    snapshot: `${number(body.rows)} rows as of ${String(body.asOf)}`,
    report: `page of ${String((body.of as { kind?: string } | undefined)?.kind ?? 'a record')}`,
    labelSet: String(body.label),
    featureSet: `fitted on ${number(body.trainRows)} rows`,
    run: `${String(body.trainer)} on ${number(body.rows)} rows`,
    trial: typeof body.loss === 'number' ? `loss ${body.loss}` : `failed: ${failure?.code}`,
    winner: `trial ${number(body.number)} of ${number(body.trials)}, loss ${number(body.loss)}`,
    version: versionLabel(String(body.project), Number(body.number)),
    evaluation: body.test === undefined ? undefined : filterWords(body.test as RowFilter),
    decision: `${String(body.verdict)} by ${String(body.by)}`,
    window: period && `${period.from} to ${period.to}`,
  };
  return words[kind] === undefined ? {} : { about: words[kind] };
}

function number(value: unknown): string {
  return typeof value === 'number' ? value.toLocaleString('en-US') : '?';
}
