/**
 * Adam (Kingma and Ba, 2015) on one flat vector of all parameters, as PyTorch computes it:
 *
 *   m ← β₁ m + (1 − β₁) g        v ← β₂ v + (1 − β₂) g²
 *   θ ← θ − rate · m̂ ÷ (√v̂ + ε)   with m̂ = m ÷ (1 − β₁ᵗ), v̂ = v ÷ (1 − β₂ᵗ)
 *
 * The corrections are scalars, so they are applied to the rate and to ε: θ ← θ − rate·√c₂÷c₁ · m ÷ (√v + ε√c₂). They are
 * computed in double: in float 1 − β₂ᵗ has lost five digits at t = 1.
 */
import type { Value } from '../onnx/graph';
import type { Operators } from '../onnx/operators';

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

export interface AdamState {
  /** Steps taken: float64 scalar. */
  readonly step: Value;
  /** θ, m and v: float32 [P]. */
  readonly parameters: Value;
  readonly mean: Value;
  readonly square: Value;
}

/** @param gradient float32 [P] */
export function adam(o: Operators, state: AdamState, gradient: Value, learningRate: number): AdamState {
  const step = o.add(state.step, o.scalar(1, 'float64'));
  const correction = (beta: number) => o.sub(o.scalar(1, 'float64'), o.pow(o.scalar(beta, 'float64'), step));
  const root = o.sqrt(correction(BETA2));
  const rate = o.cast(o.div(o.mul(o.scalar(learningRate, 'float64'), root), correction(BETA1)), 'float32');
  const epsilon = o.cast(o.mul(o.scalar(EPSILON, 'float64'), root), 'float32');

  const mean = o.add(o.mul(state.mean, o.scalar(BETA1)), o.mul(gradient, o.scalar(1 - BETA1)));
  const squared = o.mul(gradient, gradient);
  const square = o.add(o.mul(state.square, o.scalar(BETA2)), o.mul(squared, o.scalar(1 - BETA2)));
  const change = o.mul(o.div(mean, o.add(o.sqrt(square), epsilon)), rate);
  return { step, parameters: o.sub(state.parameters, change), mean, square };
}
