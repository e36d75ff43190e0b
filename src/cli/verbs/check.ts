import type { Command } from 'commander';
import { digestOf } from '../../runtime/digest';
import {
  columnTypes,
  featuresKeeping,
  featureText,
  isPrepared,
  type LinearSpec,
  type ModelDefinition,
  privateColumns,
  type ProjectDefinition,
  type SourceDefinition,
} from '../../domain/definition';
import { partsInWords, planOf } from '../../domain/plan';
import { kindsIn } from '../../domain/study/models';
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
  await checkStatements(definition);
  const digest = digestOf(definition);
  const warnings = warningsOf(definition);
  return {
    json: { file, project: definition.name, valid: true, digest, warnings, definition },
    text: summary(definition, digest, warnings),
  };
}

/** What is allowed, and may not be meant. */
function warningsOf({ source, features }: ProjectDefinition): readonly string[] {
  const keeping = featuresKeeping(features, privateColumns(source));
  if (keeping.length === 0) return [];
  const named = keeping.map(featureText).join(', ');
  return [
    `the model's file will hold values of private columns: ${named}. Whoever may read the model can read them; hashing keeps none.`,
  ];
}

function summary(definition: ProjectDefinition, digest: string, warnings: readonly string[]): string {
  const { source, sources, label, model, approval, rollout } = definition;
  return pairs([
    ['project', definition.name],
    ['digest', digest],
    ...Object.values(sources).map((each) => ['source', sourceWords(each)] as const),
    ['source', sourceWords(source)],
    ['split', splitWords(definition)],
    ['label', `${label.name} v${label.version}`],
    ['features', definition.features.map(featureText).join(', ') || 'none: the trainer takes columns'],
    ['model', modelWords(model)],
    ['gates', definition.gates.map(({ name, severity }) => `${name} (${severity})`).join(', ') || 'none'],
    ['approval', `${approval.approversNeeded} of ${approval.approvers.join(', ')} within ${approval.deadline.wall}`],
    ['rollout', rollout.steps.map((step) => step.name).join(', ')],
    ['triggers', definition.triggers.map((trigger) => trigger.on).join(', ') || 'none'],
    ...warnings.map((warning) => ['warning', warning] as const),
  ]);
}

function modelWords(model: ModelDefinition): string {
  if ('network' in model) return `network ${model.network.hidden.join('-')}`;
  if ('trees' in model) return `trees, ${model.trees.rounds} of depth ${model.trees.depth}`;
  if ('linear' in model) return linearWords(model.linear);
  if ('trainer' in model) return `trainer ${model.trainer.registered}`;
  const { trials, parallelism, sampler, folds } = model.study;
  const over = folds === undefined ? '' : `, each over ${folds} folds`;
  return `the best of ${trials} trials of ${kindsIn(model).join(' or ')}, ${parallelism} at once, ${sampler}${over}`;
}

function linearWords({ l1, l2, poisson }: LinearSpec): string {
  return `${poisson ? 'linear (Poisson)' : 'linear'}, l1 ${l1}, l2 ${l2}`;
}

function sourceWords({ name, reader, columns, eventTime }: SourceDefinition): string {
  return `${name}: ${readerWords(reader)}, ${Object.keys(columns).length} columns, ${eventTime === undefined ? 'no event time' : `event time ${eventTime}`}`;
}

function readerWords(reader: SourceDefinition['reader']): string {
  if ('file' in reader) return reader.file.path;
  if ('sql' in reader) return `a statement over ${reader.sql.from.join(', ')}`;
  if ('join' in reader) return `${reader.join.rows} with ${reader.join.views.join(', ')}`;
  if ('http' in reader) return `${reader.http.path.join(', ')} of connection ${reader.http.connection}`;
  if ('s3' in reader) return `${reader.s3.path} in bucket ${reader.s3.bucket} of connection ${reader.s3.connection}`;
  if ('mongodb' in reader) {
    const { database, collection, connection } = reader.mongodb;
    return `${database}.${collection} of connection ${connection}`;
  }
  if ('predictions' in reader) return `predictions of ${reader.predictions.project}`;
  return `reader ${reader.registered}`;
}

/** Statements and joins, as far as that goes without rows: what they call and read, and the columns that they give. */
async function checkStatements(definition: ProjectDefinition): Promise<void> {
  const all = [...Object.values(definition.sources), definition.source];
  if (!all.some(({ reader }) => isPrepared(reader))) return;
  const { checkPrepared } = await import('../../engines/tables/prepare/check-prepared.js');
  for (const each of all) {
    if (isPrepared(each.reader)) await checkPrepared(each.name, each.reader, columnTypes(each), definition);
  }
}

function splitWords(definition: ProjectDefinition): string {
  const { split } = definition;
  if (split.by === 'time') return `by time: the last ${split.testPeriods} whole periods test`;
  return `test rows: ${partsInWords(planOf(definition).split, '').test}`;
}
