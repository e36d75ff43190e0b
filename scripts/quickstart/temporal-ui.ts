/** Links into Temporal's UI. Where it is of a server of one's own, only MLOPS_TEMPORAL_UI can say; nothing is guessed. */
import { type Environment, readEnvironment } from '../../src/runtime/environment';
import { temporalConfig } from '../../src/runtime/temporal-config';

export function temporalUiOf(env: Environment = readEnvironment()): string | undefined {
  return env.MLOPS_TEMPORAL_UI?.replace(/\/+$/, '');
}

export function workflowPage(ui: string | undefined, workflowId: string): string {
  return ui === undefined ? `workflow ${workflowId}` : `${workflowsAt(ui)}/${encodeURIComponent(workflowId)}`;
}

export function workflowsOf(ui: string | undefined, project: string): string {
  const query = `MlopsProject = '${project}'`;
  return ui === undefined
    ? `of your server (MLOPS_TEMPORAL_UI makes this a link): ${query}`
    : `${workflowsAt(ui)}?query=${encodeURIComponent(query)}`;
}

function workflowsAt(ui: string): string {
  return `${ui}/namespaces/${temporalConfig().namespace ?? 'default'}/workflows`;
}
