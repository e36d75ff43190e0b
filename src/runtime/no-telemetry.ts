/**
 * onnxruntime-node 1.30 writes a device id and a database of its use into the home folder when its first session opens,
 * and looks up its maker's host to upload them. It reads this variable when it loads, so this module is imported before it
 * (engines/onnx/session.ts, its only importer); processes that we fork inherit it.
 */
process.env.ORT_DISABLE_TELEMETRY = '1';
