import type { ProjectDefinition } from '../../domain/definition';
import { trainersIn } from '../../domain/study/models';
import type { CodeKind } from '../../project/registry';

export interface NamedUse {
  readonly kind: CodeKind;
  readonly name: string;
  /** Path in the definition. */
  readonly field: string;
}

/** Every place where a definition names user code. */
export function registeredUses(definition: ProjectDefinition): NamedUse[] {
  const { source, label, model, metrics, notifiers } = definition;
  return [
    ...('registered' in source.reader
      ? [{ kind: 'reader' as const, name: source.reader.registered, field: 'source.reader' }]
      : []),
    ...('registered' in label.labeler
      ? [{ kind: 'labeler' as const, name: label.labeler.registered, field: 'label.labeler' }]
      : []),
    ...trainersIn(model).map((name) => ({
      kind: 'trainer' as const,
      name,
      field: 'study' in model ? 'model.study.of' : 'model.trainer',
    })),
    ...metrics.map((metric, index) => ({
      kind: 'metric' as const,
      name: metric.registered,
      field: `metrics[${index}]`,
    })),
    ...notifiers.flatMap((notifier, index) =>
      'registered' in notifier
        ? [{ kind: 'notifier' as const, name: notifier.registered, field: `notifiers[${index}]` }]
        : []
    ),
  ];
}
