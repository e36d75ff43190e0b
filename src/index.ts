/** What a worker imports: the plugin, and what a project file needs. */

export type { ProjectDefinition } from './domain/definition';
export { ERRORS, type ErrorCode, MlopsError } from './domain/errors';
export type { ProjectInput } from './project/define-project';
export { defineProject } from './project/define-project';
export type {
  Connection,
  Connections,
  HttpConnection,
  MongoConnection,
  S3Connection,
  Secret,
} from './sources/connections';
export type { Limits } from './activities/limits';
export type { Notice } from './domain/notice';
export type {
  Labeler,
  Metric,
  MetricRequest,
  Notifier,
  Reader,
  ReadRequest,
  RegisteredCode,
  Row,
  SourcePart,
  TrainedModel,
  Trainer,
  TrainRequest,
} from './project/registry';
export { MlopsPlugin, type MlopsPluginOptions } from './worker/plugin';
