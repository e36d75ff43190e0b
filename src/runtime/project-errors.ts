/** What a client says of a project's name, and of a workflow of the project that isn't there. */
import { MlopsError } from '../domain/errors';
import { PROJECT_NAME } from '../domain/ids';

export function checkProject(project: string): void {
  if (!PROJECT_NAME.test(project))
    throw new MlopsError(
      'MLOPS_NAME_INVALID',
      'This is not a project name.',
      { project },
      'Small letters, digits and hyphens, at most 48.'
    );
}

export function noLifecycle(project: string, cause: Error): MlopsError {
  return new MlopsError(
    'MLOPS_UNKNOWN_PROJECT',
    'No lifecycle of this project is running.',
    { project },
    'mlops ls projects lists them; mlops start begins one.',
    { cause }
  );
}

export function noMonitor(project: string, cause: Error): MlopsError {
  return new MlopsError(
    'MLOPS_UNKNOWN_PROJECT',
    'No monitor of this project is running.',
    { project },
    'It runs while the lifecycle runs and a version is served: mlops status says which of them is missing, mlops doctor how to start it.',
    { cause }
  );
}
