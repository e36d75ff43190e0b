/**
 * Makes a version once more from its records, and compares the bytes: each step reads what the records name, so the first that
 * differs is where it begins. Nothing of the project changes.
 */
import { versionLabel } from '../domain/ids';
import { REPRODUCED_STEPS, type ReproducedAs, type ReproduceInput, type ReproduceResult } from '../domain/reproduce';
import { compute, io, untilPickedUp } from './activities';
import { show } from './visible';

export async function reproduce({ project, version }: ReproduceInput): Promise<ReproduceResult> {
  const label = versionLabel(project, version);
  const { plan, searchAttributes } = await io().mlopsPlanReproduction({ project, version });
  const context = { project, plan, searchAttributes };
  const steps: ReproducedAs[] = [];
  const visible = (state: string) => ({
    phase: 'reproduce',
    waitingFor: [],
    modelVersion: label,
    details: [`# ${label} once more`, ...steps.map(inWords), '', state].join('\n'),
  });
  for (const step of REPRODUCED_STEPS) {
    show(context, visible(`Runs **${step}**.`));
    const again = compute(plan).mlopsReproduceStep({ project, version, step });
    steps.push(await untilPickedUp(context, visible(`Runs **${step}**.`), again));
    if (steps.at(-1)?.outcome !== 'identical') break;
  }
  const outcome = steps.at(-1)!.outcome;
  show(context, visible(`Outcome: **${outcome}**.`));
  return { version: label, outcome, steps };
}

function inWords({ step, outcome, changed, artifacts, gone }: ReproducedAs): string {
  const because = [
    ...artifacts.map(({ name }) => `other bytes: \`${name}\``),
    ...gone.map(({ record, name }) => `not there: \`${name}\` of ${record}`),
    ...changed.map(({ what, recorded, now }) => `${what} was \`${recorded}\`, is \`${now}\``),
  ];
  return [`- ${step}: ${outcome}`, ...because.slice(0, SHOWN).map((line) => `  - ${line}`)].join('\n');
}

const SHOWN = 10;
