/** Rules between the model and what it learns: its features and its task. */
import type { ModelDefinition } from '../domain/definition';
import { kindsIn } from '../domain/study/models';
import { isSpace } from '../domain/study/space';
import type { TaskKind } from '../domain/task';
import type { Report } from './check-parts';
import type { Parsed } from './project-schema';

export function checkModel({ model, features, objective }: Parsed, report: Report): void {
  if (model === undefined) return;
  const [learner] = kindsIn(model).filter((kind) => kind !== 'trainer');
  if (features?.length === 0 && learner !== undefined)
    report(
      ['features'],
      `is missing, and ${NAMES[learner]} learns from features alone; only a registered trainer takes columns as they are`
    );
  const instead = insteadOfEmbedding(model);
  features?.forEach((feature, at) => {
    if (feature?.transform === 'embedding' && instead !== undefined)
      report(['features', at], `is an embedding, which only a network trains; for ${instead}`);
  });
  if (objective === undefined) return;
  const fields = OF_SOME_TASKS.filter(({ tasks }) => !tasks.includes(objective.task));
  for (const { kind, field, value, words } of fields) {
    const problem = `${words}, and the objective is ${objective.task}; leave it out`;
    const given = (model as Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>)[kind];
    if (given?.[field] === value) report(['model', kind, field], problem);
    if ('study' in model && mayHave(model.study.of, kind, field, value))
      report(['model', 'study', 'of'], `has ${field}, which ${problem}`);
  }
}

const NAMES = { network: 'a network', trees: 'an ensemble of trees', linear: 'a linear model' } as const;

/** What only some tasks have. */
const OF_SOME_TASKS: readonly {
  readonly kind: string;
  readonly field: string;
  readonly value: unknown;
  readonly words: string;
  readonly tasks: readonly TaskKind[];
}[] = [
  { kind: 'linear', field: 'poisson', value: true, words: 'is of the task number', tasks: ['number'] },
  {
    kind: 'network',
    field: 'classWeights',
    value: 'balanced',
    words: 'weighs classes',
    tasks: ['binary', 'classes'],
  },
];

function insteadOfEmbedding(model: ModelDefinition): string | undefined {
  const kinds = kindsIn(model);
  if (kinds.includes('trees')) return 'trees use targetMean, ordinal or oneHot';
  return kinds.includes('linear') ? 'a linear model use oneHot, crosses or targetMean' : undefined;
}

/** Whether a model of these may have this value in this field. */
function mayHave(template: unknown, kind: string, field: string, value: unknown): boolean {
  const may = (within: unknown, names: readonly string[]): boolean => {
    if (typeof within === 'object' && within !== null && isSpace(within))
      return 'oneOf' in within && within.oneOf.some((each) => may(each, names));
    if (names.length === 0) return within === value;
    if (typeof within !== 'object' || within === null) return false;
    return may((within as Readonly<Record<string, unknown>>)[names[0]!], names.slice(1));
  };
  return may(template, [kind, field]);
}
