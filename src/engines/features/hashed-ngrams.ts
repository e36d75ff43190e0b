/**
 * Words or characters, alone or in a row, counted by a hash: scikit-learn's HashingVectorizer with `alternate_sign=False`. Nothing is
 * learnt: the bucket is the absolute value of MurmurHash3 (32 bits, seed 0) of the n-gram's UTF-8, modulo their number.
 */
import type { Value } from '../onnx/graph';
import type { Operators } from '../onnx/operators';
import type { Emitter } from './emitter';
import type { Fitted } from './fitted';
import { between, tokensIn, unitRows } from './text-ngrams';

type HashedNgrams = Fitted<'hashedNgrams'>;

export const hashedNgrams: Emitter<HashedNgrams> = (o, features, inputs) => {
  const parts = features.map((feature) => hashed(o, feature, inputs.vector(feature.column)));
  return parts.length === 1 ? parts[0]! : o.concat(parts, 0);
};

/** float32 [buckets, N] */
function hashed(o: Operators, { of, lengths: [least, most], buckets }: HashedNgrams, text: Value): Value {
  const tokens = tokensIn(o, text, of);
  const ended = o.equal(o.lookUp(tokens, [''], 1, 0), o.integer(1));
  const found: Value[] = [];
  let ngrams = tokens;
  for (let length = 1; length <= most; length += 1) {
    // What follows the tokens' end holds no n-gram, wherever a batch's longest text puts that.
    if (length > 1) ngrams = o.join(o.withoutLast(ngrams), between(of), o.without(tokens, length - 1));
    if (length < least) continue;
    const bucket = o.mod(o.abs(o.cast(o.murmur3(ngrams), 'int64')), o.integer(buckets));
    found.push(o.where(o.without(ended, length - 1), o.integer(-1), bucket));
  }
  return unitRows(o, o.cast(o.countsOf(o.beside(found), buckets), 'float64'), buckets);
}
