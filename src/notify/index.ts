export type { Notice } from '../domain/notice';
export { sendNotice } from './send-notice';
