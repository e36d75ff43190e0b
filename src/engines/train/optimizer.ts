/**
 * Optimizers on one flat vector of all parameters, as PyTorch computes them. Adam (Kingma and Ba, 2015):
 *
 *   m ← β₁ m + (1 − β₁) g        v ← β₂ v + (1 − β₂) g²
 *   θ ← θ − rate · m̂ ÷ (√v̂ + ε)   with m̂ = m ÷ (1 − β₁ᵗ), v̂ = v ÷ (1 − β₂ᵗ)
 *
 * The corrections are scalars, so they are applied to the rate and to ε: θ ← θ − rate·√c₂÷c₁ · m ÷ (√v + ε√c₂). They are
 * computed in double: in float 1 − β₂ᵗ has lost five digits at t = 1.
 *
 * AdamW (Loshchilov and Hutter, 2019) draws θ to 0 by rate · decay beside that; Adam and SGD add decay · θ to the gradient. SGD:
 * m ← momentum · m + g, θ ← θ − rate · m.
 */
import type { NetworkSpec } from '../../domain/definition';
import type { Value } from '../onnx/graph';
import type { Operators } from '../onnx/operators';

const BETA1 = 0.9;
const BETA2 = 0.999;
const EPSILON = 1e-8;

export interface OptimizerState {
  /** Steps taken: float64 scalar. */
  readonly step: Value;
  /** θ, m and v: float32 [P]. */
  readonly parameters: Value;
  readonly mean: Value;
  readonly square: Value;
}

export type OptimizerSpec = Pick<NetworkSpec, 'optimizer' | 'momentum' | 'weightDecay' | 'clipNorm'>;

export interface Step {
  /** float32 [P] */
  readonly gradient: Value;
  /** The step size: float64 scalar. */
  readonly rate: Value;
  /** float32 [P]: 1 for what decays, else 0. */
  readonly decays: () => Value;
}

export function optimized(
  o: Operators,
  spec: OptimizerSpec,
  state: OptimizerState,
  { gradient, rate, decays }: Step
): OptimizerState {
  const { weightDecay } = spec;
  const clipped = spec.clipNorm === undefined ? gradient : clip(o, gradient, spec.clipNorm);
  if (weightDecay === 0) return moved(o, spec, state, clipped, rate);
  const drawn = o.mul(o.mul(state.parameters, decays()), o.scalar(weightDecay));
  if (spec.optimizer !== 'adamw') return moved(o, spec, state, o.add(clipped, drawn), rate);
  const parameters = o.sub(state.parameters, o.mul(drawn, o.cast(rate, 'float32')));
  return moved(o, spec, { ...state, parameters }, clipped, rate);
}

function moved(o: Operators, spec: OptimizerSpec, state: OptimizerState, gradient: Value, rate: Value): OptimizerState {
  return spec.optimizer === 'sgd' ? sgd(o, state, gradient, rate, spec.momentum) : adam(o, state, gradient, rate);
}

function adam(o: Operators, state: OptimizerState, gradient: Value, learningRate: Value): OptimizerState {
  const step = o.add(state.step, o.scalar(1, 'float64'));
  const correction = (beta: number) => o.sub(o.scalar(1, 'float64'), o.pow(o.scalar(beta, 'float64'), step));
  const root = o.sqrt(correction(BETA2));
  const rate = o.cast(o.div(o.mul(learningRate, root), correction(BETA1)), 'float32');
  const epsilon = o.cast(o.mul(o.scalar(EPSILON, 'float64'), root), 'float32');

  const mean = o.add(o.mul(state.mean, o.scalar(BETA1)), o.mul(gradient, o.scalar(1 - BETA1)));
  const squared = o.mul(gradient, gradient);
  const square = o.add(o.mul(state.square, o.scalar(BETA2)), o.mul(squared, o.scalar(1 - BETA2)));
  const change = o.mul(o.div(mean, o.add(o.sqrt(square), epsilon)), rate);
  return { step, parameters: o.sub(state.parameters, change), mean, square };
}

function sgd(
  o: Operators,
  state: OptimizerState,
  gradient: Value,
  learningRate: Value,
  momentum: number
): OptimizerState {
  const mean = o.add(o.mul(state.mean, o.scalar(momentum)), gradient);
  return {
    step: o.add(state.step, o.scalar(1, 'float64')),
    parameters: o.sub(state.parameters, o.mul(mean, o.cast(learningRate, 'float32'))),
    mean,
    square: o.identity(state.square),
  };
}

/** Scaled down to a norm where it is longer. */
function clip(o: Operators, gradient: Value, most: number): Value {
  const norm = o.sqrt(o.reduceSum(o.mul(gradient, gradient), [0], true));
  const limit = o.scalar(most);
  return o.mul(gradient, o.where(o.lessOrEqual(norm, limit), o.scalar(1), o.div(limit, norm)));
}
