/** Tensors as the engines pass them: plain objects, so that only session.ts knows onnxruntime. */
import { TensorProto_DataType } from './generated/onnx_pb';

export type ElementType = 'float32' | 'float64' | 'int32' | 'int64' | 'uint32' | 'bool' | 'string';

export type TensorData = Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array | readonly string[];

export interface Tensor {
  readonly type: ElementType;
  /** Sizes, outermost first; [] is a scalar. */
  readonly dims: readonly number[];
  /** Row-major; its class fits `type`. */
  readonly data: TensorData;
}

/** ONNX's numbers of the element types. */
export const ELEMENT_CODES: Readonly<Record<ElementType, TensorProto_DataType>> = {
  float32: TensorProto_DataType.FLOAT,
  float64: TensorProto_DataType.DOUBLE,
  int32: TensorProto_DataType.INT32,
  int64: TensorProto_DataType.INT64,
  uint32: TensorProto_DataType.UINT32,
  bool: TensorProto_DataType.BOOL,
  string: TensorProto_DataType.STRING,
};

/** Number of elements of a shape. */
export function sizeOf(dims: readonly number[]): number {
  return dims.reduce((size, dim) => size * dim, 1);
}

/** A float32 tensor; `dims` is a vector's length unless given. */
export function float32(data: Float32Array | readonly number[], dims: readonly number[] = [data.length]): Tensor {
  return { type: 'float32', dims, data: data instanceof Float32Array ? data : Float32Array.from(data) };
}

/** A float64 tensor; `dims` is a vector's length unless given. */
export function float64(data: Float64Array | readonly number[], dims: readonly number[] = [data.length]): Tensor {
  return { type: 'float64', dims, data: data instanceof Float64Array ? data : Float64Array.from(data) };
}

/** An int64 tensor; `dims` is a vector's length unless given. */
export function int64(
  data: BigInt64Array | readonly (number | bigint)[],
  dims: readonly number[] = [data.length]
): Tensor {
  return { type: 'int64', dims, data: data instanceof BigInt64Array ? data : BigInt64Array.from(data, BigInt) };
}

/** A string tensor; `dims` is a vector's length unless given. */
export function strings(data: readonly string[], dims: readonly number[] = [data.length]): Tensor {
  return { type: 'string', dims, data };
}

/** The bytes of a numeric tensor's data, little-endian on every machine that onnxruntime-node runs on; no copy. */
export function bytesOf(data: TensorData): Uint8Array {
  if (!ArrayBuffer.isView(data)) throw new Error('a string tensor has no bytes of its own');
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
