/** What a worker imports: the plugin, and what a project file needs. */

export type { ProjectDefinition } from './domain/definition';
export { ERRORS, type ErrorCode, MlopsError } from './domain/errors';
export type { ProjectInput } from './project/define-project';
export { defineProject } from './project/define-project';
export type { RegisteredCode } from './project/registry';
export { MlopsPlugin, type MlopsPluginOptions } from './worker/plugin';
