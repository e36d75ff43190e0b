/** The project file of `start`, `apply` and `check`, under the name that the caller wants. */
import type { ProjectDefinition } from '../domain/definition';

export async function projectFrom(file: string, name?: string): Promise<ProjectDefinition> {
  // Loaded here, since tsx and zod take longer to load than most verbs take in all.
  const { loadProject } = await import('../project/load-project.js');
  const definition = await loadProject(file);
  return name === undefined ? definition : { ...definition, name };
}
