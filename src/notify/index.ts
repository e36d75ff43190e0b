export type { Notice } from './notice';
export { sendNotice } from './send-notice';
