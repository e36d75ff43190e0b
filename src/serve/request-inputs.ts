/** What requests may hold, and must, while these versions are served. */
import type { ModelInput, ServedVersion } from '../domain/endpoint';

export interface RequestInput extends ModelInput {
  /** Only the candidate reads it, whom the champion answers for; or a view gives it, or it names a view's entity. */
  readonly optional: boolean;
}

/** What any of the models takes: the first one's inputs in their order, then others'. */
export function requestInputs([champion, ...others]: readonly ServedVersion[]): readonly RequestInput[] {
  const inputs = new Map<string, RequestInput>();
  const add = (added: readonly ModelInput[], optional: (input: ModelInput) => boolean): void => {
    for (const input of added)
      if (!inputs.has(input.name)) inputs.set(input.name, { ...input, optional: optional(input) });
  };
  const given = new Set(champion?.views?.flatMap(({ gives }) => gives));
  add(champion?.inputs ?? [], ({ name }) => given.has(name));
  for (const { inputs: own } of others) add(own, () => true);
  for (const { views = [] } of [champion, ...others].flatMap((version) => version ?? []))
    for (const { entity } of views) add(entity, () => true);
  return [...inputs.values()];
}
