/** A definition's feature views as endpoints know them. */
import { type ProjectDefinition, TYPE_FACTS, typeName, type ViewDefinition } from '../domain/definition';
import { durationMs } from '../domain/durations';
import type { ServedView } from '../domain/endpoint';
import { viewId } from '../domain/ids';
import { schemaOf, sourceNamed } from '../domain/sources';
import { digestOf } from '../runtime/digest';
import { rowsDecidedBy } from './ingest';

/** Those that the project's own source joins. */
export function joinedViews({ source, views }: ProjectDefinition): (readonly [string, ViewDefinition])[] {
  return 'join' in source.reader ? source.reader.join.views.map((name) => [name, views[name]!] as const) : [];
}

/** By all that decides its values and which are kept: the view, its history, and the types that its values are given in. */
export function servedViewId(definition: ProjectDefinition, name: string): string {
  const { whenOld: _, ...view } = definition.views[name]!;
  const history = sourceNamed(definition, view.from)!;
  const types = Object.keys(view.values).map((value) => definition.source.columns[value]?.type ?? null);
  const rows = rowsDecidedBy(history, schemaOf(definition, view.from), definition.views);
  return viewId(definition.name, name, digestOf({ view, types, rows }));
}

/** Those that give an input of the model. @param read its inputs' names */
export function servedViews(definition: ProjectDefinition, read: readonly string[]): ServedView[] {
  return joinedViews(definition).flatMap(([name, view]) => {
    const gives = Object.keys(view.values).filter((value) => read.includes(value));
    if (gives.length === 0) return [];
    const entity = view.entity.map((column) => {
      const type = definition.source.columns[column]?.type ?? sourceNamed(definition, view.from)!.columns[column]!.type;
      return { name: column, datatype: TYPE_FACTS[typeName(type)].datatype };
    });
    return [
      {
        id: servedViewId(definition, name),
        name,
        entity,
        gives,
        ...(view.ttl === undefined ? {} : { ttlMs: durationMs(view.ttl) }),
        whenOld: view.whenOld,
      },
    ];
  });
}
