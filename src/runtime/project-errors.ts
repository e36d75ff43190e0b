/** What a client says of a project's name, and of a workflow of the project that isn't there. */
import { MlopsError } from '../domain/errors';
import { type Cycle, PROJECT_NAME } from '../domain/ids';

export function checkProject(project: string): void {
  if (!PROJECT_NAME.test(project))
    throw new MlopsError(
      'MLOPS_NAME_INVALID',
      'This is not a project name.',
      { project },
      'Small letters, digits and hyphens, at most 48.'
    );
}

/** Nothing of this name is on record. */
export function noProject(project: string): MlopsError {
  return new MlopsError(
    'MLOPS_UNKNOWN_PROJECT',
    'There is no such project.',
    { project },
    'mlops ls projects lists them.'
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

export function noStudy(project: string, cycle: Cycle, cause: Error): MlopsError {
  return new MlopsError(
    'MLOPS_NOT_FOUND',
    'No study of this cycle is running.',
    { project, cycle },
    'mlops study shows the newest one; one that has ended stays as it is.',
    { cause }
  );
}
