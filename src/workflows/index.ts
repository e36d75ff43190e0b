/** All that a user's workflow module re-exports: `export * from 'temporal-mlops/workflows'`. Every export is a workflow. */
export { approve } from './approve';
export { deliverNotice } from './deliver-notice';
export { deploy } from './deploy';
export { evaluate } from './evaluate';
export { housekeeping } from './housekeeping';
export { ingest } from './ingest';
export { label } from './label';
export { lifecycle } from './lifecycle';
export { materialize } from './materialize';
export { monitor } from './monitor';
export { reproduce } from './reproduce';
export { sendTrigger } from './send-trigger';
export { study } from './study';
export { train } from './train';
