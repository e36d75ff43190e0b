import type { Command } from 'commander';
import { digestOf } from '../../runtime/digest';
import { featureText, type ProjectDefinition } from '../../domain/definition';
import { pairs, table } from '../table';
import { addVerb, answering, type Outcome } from '../verb';

export function addCheck(program: Command): void {
  addVerb(program, 'check', 'check project.ts')
    .argument('<project-file>', 'project.ts, .js or .json')
    .action(answering(check));
}

async function check(file: string): Promise<Outcome> {
  const { checkProjectFile } = await import('../../project/load-project.js');
  const { definition, mistakes, name } = await checkProjectFile(file);
  if (definition === undefined) {
    const number = mistakes.length === 1 ? 'One mistake' : `${mistakes.length} mistakes`;
    return {
      json: { file, project: name ?? null, valid: false, mistakes },
      text: table(
        ['where', 'what'],
        mistakes.map(({ path, problem }) => [path === '' ? '(definition)' : path, problem])
      ),
      failed: `${number} in ${file}: fix what is listed.`,
    };
  }
  const digest = digestOf(definition);
  return {
    json: { file, project: definition.name, valid: true, digest, definition },
    text: summary(definition, digest),
  };
}

function summary(definition: ProjectDefinition, digest: string): string {
  const { source, label, model, approval, rollout } = definition;
  const reader = 'file' in source.reader ? source.reader.file.path : `reader ${source.reader.registered}`;
  return pairs([
    ['project', definition.name],
    ['digest', digest],
    [
      'source',
      `${source.name}: ${reader}, ${Object.keys(source.columns).length} columns, event time ${source.eventTime}`,
    ],
    ['label', `${label.name} v${label.version}`],
    ['features', definition.features.map(featureText).join(', ')],
    ['model', 'network' in model ? `network ${model.network.hidden.join('-')}` : `trainer ${model.trainer.registered}`],
    ['gates', definition.gates.map(({ name, severity }) => `${name} (${severity})`).join(', ') || 'none'],
    ['approval', `${approval.approversNeeded} of ${approval.approvers.join(', ')} within ${approval.deadline.wall}`],
    ['rollout', rollout.steps.map((step) => step.name).join(', ')],
    ['triggers', definition.triggers.map((trigger) => trigger.on).join(', ') || 'none'],
  ]);
}
