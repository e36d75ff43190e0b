/**
 * Jest runs each test file in a realm of its own, with its own typed arrays; onnxruntime's native code makes those of
 * the main realm, and its JavaScript then refuses them as foreign. Here both are the same.
 */
// Jest gives a test file a copy of process.env: what it sets there reaches no native code (src/runtime/no-telemetry.ts).
process.env.ORT_DISABLE_TELEMETRY = '1';

const { TestEnvironment } = require('jest-environment-node');

const TYPED_ARRAYS = [
  Float32Array,
  Float64Array,
  Int8Array,
  Int16Array,
  Int32Array,
  BigInt64Array,
  Uint8Array,
  Uint16Array,
  Uint32Array,
  BigUint64Array,
];

module.exports = class extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    for (const typedArray of TYPED_ARRAYS) this.global[typedArray.name] = typedArray;
  }
};
