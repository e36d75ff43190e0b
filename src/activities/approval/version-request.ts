/** The request about a cycle's version: made from records that belong together, and from nothing else. */
import { authors } from '../../domain/approval';
import { MlopsError } from '../../domain/errors';
import { gatesPass, judgeGates } from '../../domain/gates';
import { type Cycle, cycleRecordId, phaseId, versionLabel } from '../../domain/ids';
import { inputNames } from '../../domain/signature';
import { partOf, splitAt } from '../../domain/split';
import type { CycleDocument, Fact } from '../../domain/records';
import type { Digest } from '../../domain/refs';
import { digestOf } from '../../runtime/digest';
import { championOf } from '../../stores/aliases';
import type { Stores } from '../../stores/connect';
import { findCycle } from '../../stores/cycles';
import { refOf } from '../../stores/facts';
import { snapshotsMadeOf } from '../../stores/snapshots';
import { changesSinceChampion } from './definition-evidence';
import { evidenceOf } from './evidence';
import { newInputs } from './new-inputs';
import type { RequestDraft } from './open-request';
import { askedChange, isChangeApproved } from './schema-request';

export async function versionRequest(stores: Stores, project: string, cycle: Cycle): Promise<RequestDraft> {
  const _id = cycleRecordId(project, cycle);
  const document = await findCycle(stores, _id);
  const { version: versionRef, evaluation: evaluationRef } = document?.refs ?? {};
  if (document === null || versionRef === undefined || evaluationRef === undefined)
    throw conflict('The cycle has no evaluated version.', { cycle: _id });
  const [version, evaluation, definition] = await Promise.all([
    stores.facts.get({ kind: 'version', id: versionRef.id }),
    stores.facts.get({ kind: 'evaluation', id: evaluationRef.id }),
    stores.facts.get(document.definition),
  ]);
  const [snapshot, ...sources] = await snapshotsMadeOf(stores, version.body.snapshot.id);
  requireOneCycle(document, { version, evaluation, definition });
  const champion = await comparedWith(stores, document, evaluation);
  const asked = await askedChange(stores, version.body.snapshot);
  if (asked !== undefined && !(await isChangeApproved(stores, project, asked.change)))
    throw conflict('What is new in its batch was not approved.', { cycle: _id, change: asked.change });
  if (!gatesPass(evaluation.body.gates)) throw conflict('A blocking gate failed.', { cycle: _id });
  return {
    _id,
    project,
    workflowId: phaseId(project, cycle, 'approve'),
    subject: {
      kind: 'version',
      digests: {
        model: version.body.model.digest,
        version: version.digest,
        evaluation: evaluation.digest,
        snapshot: snapshot.digest,
        ...(champion === undefined ? {} : { champion }),
      },
    },
    title: versionLabel(project, version.body.number),
    about: [refOf(version), refOf(evaluation), refOf(snapshot)],
    comparisonDigest: evaluation.body.comparisonDigest,
    policy: definition.body.definition.approval,
    authors: authors(document.causes, document.appliedBy),
    causes: document.causes,
    gates: evaluation.body.gates,
    evidence: [
      ...evidenceOf(
        version.body,
        evaluation.body,
        snapshot.body,
        sources.map((source) => source.body)
      ),
      ...(await newInputs(stores, project, inputNames(version.body.signature))),
      ...(await changesSinceChampion(stores, project, definition.body.definition)),
    ],
  };
}

interface Asked {
  readonly version: Fact<'version'>;
  readonly evaluation: Fact<'evaluation'>;
  readonly definition: Fact<'definition'>;
}

/** The version, its evaluation and the definition are this cycle's, and the evaluation is what the definition asks for. */
function requireOneCycle(cycle: CycleDocument, { version, evaluation, definition }: Asked): void {
  const { body } = version;
  const { definition: defined } = definition.body;
  const asked = evaluation.body;
  const test = partOf(splitAt(defined, cycle.asOf), 'test');
  // By digests: steps are keyed by them, so that an evaluation may have been made for a record of another id.
  const used = new Set(evaluation.inputs.map(({ kind, digest }) => `${kind} ${digest}`));
  const holds: Readonly<Record<string, boolean>> = {
    'the version is of another cycle': body.project === cycle.project && body.cycle === cycle.cycle,
    'the definition is of another project': defined.name === cycle.project,
    'the version was made by another definition': body.definition.id === definition._id,
    'the version was made from another snapshot': body.snapshot.digest === cycle.refs.snapshot?.digest,
    'the evaluation is of another run': asked.run.digest === body.run.digest,
    'the evaluation is on another snapshot':
      used.has(`snapshot ${body.snapshot.digest}`) && used.has(`labelSet ${body.labelSet.digest}`),
    'the evaluation is as of another time': asked.test.knownBy === cycle.asOf,
    'the evaluation is on other test rows': digestOf(asked.test) === digestOf(test),
    'the evaluation is by other gates':
      digestOf(judgeGates(defined.gates, asked.evaluation, asked.contaminated)) === digestOf(asked.gates),
  };
  const broken = Object.entries(holds).find(([, right]) => !right);
  if (broken !== undefined)
    throw conflict(`What the cycle would ask about does not belong together: ${broken[0]}.`, { cycle: cycle._id });
}

/** The digest of today's champion, with which the evaluation must have compared. */
async function comparedWith(
  stores: Stores,
  cycle: CycleDocument,
  evaluation: Fact<'evaluation'>
): Promise<Digest | undefined> {
  const alias = await championOf(stores, cycle.project);
  const champion = alias === null ? undefined : await stores.facts.get({ kind: 'version', id: alias.version });
  if (champion?.body.run.digest === evaluation.body.championRun?.digest) return champion?.digest;
  throw conflict('The champion is not the one that the version was compared with.', {
    cycle: cycle._id,
    champion: champion?._id ?? 'none',
  });
}

function conflict(what: string, where: Readonly<Record<string, string>>): MlopsError {
  return new MlopsError('MLOPS_REQUEST_CONFLICT', what, where, 'Skip the cycle and retrain.');
}
