import type { IngestInput, IngestResult } from '../domain/phases';
import type { Ref } from '../domain/refs';
import type { SourceOrder } from '../domain/sources';
import { compute, untilPickedUp, waiting } from './activities';
import { rendered, renderedLine, snapshotName } from './report';
import { show } from './visible';

/** Takes what is new of each source as one batch of its snapshot: first those that statements read, then the project's own. */
export async function ingest(input: IngestInput): Promise<IngestResult> {
  const sources: Record<string, Ref<'snapshot'>> = {};
  for (const each of input.plan.sources) {
    const snapshot = await taken(input, each, sources);
    const page = await rendered(input.plan, (activities) => activities.mlopsRenderReport({ snapshot }));
    const details = `**${each.name ?? input.plan.source}** is taken. ${renderedLine(snapshotName(snapshot), page)}`;
    show(input, { phase: 'ingest', waitingFor: [], details });
    if (each.name === undefined) return { snapshot, sources, page };
    sources[each.name] = snapshot;
  }
  throw new Error('the plan has no source of the project itself');
}

/** What is read of a source, and as of when. */
type Reading = Pick<
  IngestInput,
  'project' | 'searchAttributes' | 'definition' | 'plan' | 'asOf' | 'parent' | 'parents'
>;

/** A source's new rows as one batch of its snapshot. */
export async function taken(
  input: Reading,
  { name, from }: SourceOrder,
  snapshots: IngestResult['sources']
): Promise<Ref<'snapshot'>> {
  const { definition, plan, asOf } = input;
  const parent = name === undefined ? input.parent : input.parents?.[name];
  const named = name === undefined ? {} : { source: name };
  const visible = {
    phase: 'ingest',
    waitingFor: [],
    details: `Takes the rows of **${name ?? plan.source}** that are known by ${asOf}${parent === undefined ? '' : ', and were not yet'}.`,
  };
  show(input, visible);
  const read = Object.fromEntries(from.map((source) => [source, snapshots[source]!]));
  const observation =
    from.length === 0
      ? await waiting(plan).mlopsObserve({ definition, asOf, ...named })
      : await untilPickedUp(input, visible, compute(plan).mlopsPrepare({ definition, asOf, from: read, ...named }));
  const work = compute(plan).mlopsIngest({
    definition,
    observation,
    ...named,
    ...(parent === undefined ? {} : { parent }),
  });
  return untilPickedUp(input, visible, work);
}
