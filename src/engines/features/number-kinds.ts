/** The kinds of number transforms, by name. */
import { arithmetic } from './arithmetic';
import type { NumberKind, NumberTransform } from './number-kind';
import { datePart } from './dates';
import { ordinal } from './ordinal';
import { power } from './power';
import { clip, impute, log, logStandardize, minMax, robust, standardize } from './scales';

const KINDS: { readonly [K in NumberTransform]: NumberKind<K> } = {
  standardize,
  logStandardize,
  robust,
  minMax,
  power,
  log,
  clip,
  impute,
  arithmetic,
  datePart,
  ordinal,
};

/** One kind, for callers that have a feature of it and need not know which. */
export type AnyNumberKind = NumberKind<NumberTransform>;

export function kindOf(transform: NumberTransform): AnyNumberKind {
  return KINDS[transform] as unknown as AnyNumberKind;
}

/** A transform, as defined or as fitted. */
export function isNumber<T extends { readonly transform: string }>(
  feature: T
): feature is Extract<T, { readonly transform: NumberTransform }> {
  return Object.hasOwn(KINDS, feature.transform);
}
