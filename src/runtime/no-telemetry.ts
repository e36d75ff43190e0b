/**
 * onnxruntime-node 1.30 writes a device id and a database of its use into the home folder when its first session opens,
 * and looks up its maker's host to upload them. It reads this variable when it loads, so this module is imported before it:
 * by engines/onnx/session.ts, and by a compute child, whose registered code may load onnxruntime itself.
 */
process.env.ORT_DISABLE_TELEMETRY = '1';
