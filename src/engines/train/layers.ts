/** What a hidden layer does with its sums: normalization, activation, dropout. Each is made of operators that gradients.ts has rules of. */
import type { NetworkSpec } from '../../domain/definition';
import type { Value } from '../onnx/graph';
import { fixed, type Operators } from '../onnx/operators';
import { float32, float64, int64 } from '../onnx/tensor';

/** Of a spec what makes a network's graph, and its first parameters, another one. */
export type LayerForm = Pick<NetworkSpec, 'activation' | 'normalization' | 'residual' | 'initialWeights'>;
export const PLAIN: LayerForm = {
  activation: 'relu',
  normalization: 'none',
  residual: false,
  initialWeights: 'glorot',
};

export function activate(o: Operators, activation: LayerForm['activation'], x: Value): Value {
  switch (activation) {
    case 'relu':
      return o.relu(x);
    case 'tanh':
      return o.tanh(x);
    case 'gelu': {
      // x Φ(x), Φ the normal distribution (Hendrycks and Gimpel, 2016).
      const share = o.add(o.erf(o.mul(x, scalar(o, x, Math.SQRT1_2))), scalar(o, x, 1));
      return o.mul(o.mul(x, scalar(o, x, 0.5)), share);
    }
  }
}

const EPSILON = 1e-5;

/** Layer normalization (Ba and others, 2016) of [B, H]: each row to mean 0 and deviation 1, then times gain [H] and plus shift [H]. */
export function normalized(o: Operators, x: Value, gain: Value, shift: Value): Value {
  const centred = o.sub(x, meanOfRow(o, x));
  const variance = meanOfRow(o, o.mul(centred, centred));
  const deviation = o.sqrt(o.add(variance, scalar(o, x, EPSILON)));
  return o.add(o.mul(o.div(centred, deviation), gain), shift);
}

/** [B, H] → [B, 1]: as a product with constant weights, which can't mix the rows of a batch. */
function meanOfRow(o: Operators, x: Value): Value {
  const width = fixed(x.shape[1]!);
  const shares = new Float64Array(width).fill(1 / width);
  const dims = [width, 1];
  return o.matMul(
    x,
    o.constant(x.type === 'float64' ? float64(shares, dims) : float32(Float32Array.from(shares), dims))
  );
}

export interface DropoutRequest {
  /** Share of the numbers that are left out. */
  readonly share: number;
  /** Steps taken before: float64 scalar. */
  readonly step: Value;
  /** Unsigned, of 32 bits: another one for each layer. */
  readonly seed: number;
}

/**
 * Sets a share of [B, H] to 0 and scales the others up, so that the mean stays. Which ones follows from seed, step, row and column alone,
 * so that a resumed run leaves out the same: onnxruntime's own Dropout keeps its state in the session.
 */
export function dropped(o: Operators, x: Value, { share, step, seed }: DropoutRequest): Value {
  const [rows, columns] = x.shape.map(fixed) as [number, number];
  const count = (length: number, dims: readonly number[]) =>
    o.cast(
      o.constant(
        int64(
          Array.from({ length }, (_, i) => i),
          dims
        )
      ),
      'uint32'
    );
  const key = mixed(o, o.add(o.cast(o.cast(step, 'int64'), 'uint32'), word(o, seed)));
  const row = mixed(o, o.add(count(rows, [rows, 1]), key));
  const bits = mixed(o, o.bitwiseXor(row, o.mul(count(columns, [1, columns]), word(o, 0x9e3779b1))));
  // 24 bits are what a float holds exactly.
  const drawn = o.cast(o.shiftRight(bits, word(o, 8)), 'float32');
  const kept = o.cast(o.lessOrEqual(o.scalar(Math.ceil(share * 2 ** 24)), drawn), 'float32');
  return o.mul(x, o.mul(kept, o.scalar(1 / (1 - share))));
}

/** The finalizer of MurmurHash3: uint32, multiplication wraps. */
function mixed(o: Operators, x: Value): Value {
  const shifted = (value: Value, bits: number) => o.bitwiseXor(value, o.shiftRight(value, word(o, bits)));
  const once = o.mul(shifted(x, 16), word(o, 0x85ebca6b));
  return shifted(o.mul(shifted(once, 13), word(o, 0xc2b2ae35)), 16);
}

function word(o: Operators, value: number): Value {
  return o.cast(o.constant(int64([value], [])), 'uint32');
}

function scalar(o: Operators, like: Value, value: number): Value {
  return o.scalar(value, like.type === 'float64' ? 'float64' : 'float32');
}
