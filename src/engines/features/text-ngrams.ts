/**
 * TF-IDF of words or characters, by scikit-learn's formulas (TfidfVectorizer as it is by default: idf = ln((1 + rows) / (1 +
 * rows with the n-gram)) + 1, each row divided by its Euclidean norm), in double.
 */
import type { FeatureDefinition } from '../../domain/definition';
import type { Value } from '../onnx/graph';
import type { Operators } from '../onnx/operators';
import { float64 } from '../onnx/tensor';
import type { TextColumn } from '../tables/columns';
import type { Emitter } from './emitter';
import type { Fitted } from './fitted';
import { normalText } from './normal-text';

type Definition = Extract<FeatureDefinition, { readonly transform: 'textNgrams' }>;
type TextNgrams = Fitted<'textNgrams'>;

/** What a word is made of, for RE2 and for JavaScript alike. */
const WORD = '[\\p{L}\\p{M}\\p{N}_]+';
const WORDS = new RegExp(WORD, 'gu');

/** Of an n-gram in the training rows. */
interface Counts {
  rows: number;
  times: number;
  lastRow: number;
}

/**
 * What is in `minCount` rows or more; of more than `maxFeatures` those that are there most often, equally frequent ones in
 * code-point order. Which they are decides what features there are, no row's values: those come from the graph alone.
 */
export function frequentNgrams(
  { values }: TextColumn,
  { of, lengths, minCount, maxFeatures }: Definition
): Pick<TextNgrams, 'ngrams' | 'idf'> {
  const counts = new Map<string, Counts>();
  values.forEach((text, row) => {
    const tokens = tokensOf(normalText(text ?? ''), of);
    for (const ngram of ngramsOf(tokens, of, lengths)) {
      const known = counts.get(ngram);
      if (known === undefined) counts.set(ngram, { rows: 1, times: 1, lastRow: row });
      else {
        if (known.lastRow !== row) known.rows += 1;
        known.times += 1;
        known.lastRow = row;
      }
    }
  });
  const chosen = [...counts]
    .filter(([, { rows }]) => rows >= minCount)
    .sort(([a, one], [b, other]) => other.times - one.times || byCodePoint(a, b))
    .slice(0, maxFeatures)
    .map(([ngram, { rows }]) => ({ ngram, rows, length: partsOf(ngram, of).length }))
    .sort((a, b) => a.length - b.length || byCodePoint(a.ngram, b.ngram));
  return {
    ngrams: chosen.map(({ ngram }) => ngram),
    idf: chosen.map(({ rows }) => Math.log((1 + values.length) / (1 + rows)) + 1),
  };
}

function tokensOf(text: string, of: Definition['of']): readonly string[] {
  return of === 'words' ? (text.match(WORDS) ?? []) : Array.from(text);
}

function* ngramsOf(tokens: readonly string[], of: Definition['of'], [least, most]: Definition['lengths']) {
  for (let length = least; length <= most; length += 1) {
    for (let at = 0; at + length <= tokens.length; at += 1) yield tokens.slice(at, at + length).join(between(of));
  }
}

/** No word has a blank in it. */
export function between(of: Definition['of']): string {
  return of === 'words' ? ' ' : '';
}

function partsOf(ngram: string, of: Definition['of']): readonly string[] {
  return of === 'words' ? ngram.split(' ') : Array.from(ngram);
}

function byCodePoint(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

export const textNgrams: Emitter<TextNgrams> = (o, features, inputs) => {
  const parts = features.map((feature) => weighted(o, feature, inputs.vector(feature.column)));
  return parts.length === 1 ? parts[0]! : o.concat(parts, 0);
};

/** float32 [n-grams, N] */
function weighted(o: Operators, { of, ngrams, idf }: TextNgrams, text: Value): Value {
  const counts = o.ngramCounts(
    tokensIn(o, text, of),
    ngrams.map((ngram) => partsOf(ngram, of))
  );
  return unitRows(o, o.mul(o.cast(counts, 'float64'), o.constant(float64(idf))), ngrams.length);
}

/** The words or characters of each text, [N] → [N, longest], with '' behind the last. */
export function tokensIn(o: Operators, text: Value, of: Definition['of']): Value {
  return of === 'words' ? o.matches(text, WORD) : o.characters(text);
}

/** Each row divided by its Euclidean norm, as a column of `dense`: float64 [N, width] → float32 [width, N]. */
export function unitRows(o: Operators, rows: Value, width: number): Value {
  // A product with the constant on its right: a sum's order, or a constant on the left, would make bits depend on the batch.
  const ones = o.constant(float64(new Float64Array(width).fill(1), [width, 1]));
  const norm = o.sqrt(o.matMul(o.mul(rows, rows), ones));
  // A row of zeros has norm 0, by which nothing can be divided.
  const divisor = o.where(o.equal(norm, o.scalar(0, 'float64')), o.scalar(1, 'float64'), norm);
  return o.transpose(o.cast(o.div(rows, divisor), 'float32'));
}
