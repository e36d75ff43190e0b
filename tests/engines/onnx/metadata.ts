import type { ModelProto } from '../../../src/engines/onnx/generated/onnx_pb';

/** What `encodeModel` put into the file. */
export function metadataOf(model: ModelProto): Readonly<Record<string, string>> {
  return Object.fromEntries(model.metadataProps.map(({ key, value }) => [key, value]));
}
