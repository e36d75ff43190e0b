import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { intervalWords } from '../../domain/intervals';
import type { Interval } from '../../domain/evaluation';
import type { Comparison, Difference } from '../../engines/report/versions/compare';
import { withRecords } from '../connect';
import { requireVersion, VERSION_NAMES } from '../named-version';
import { table } from '../table';
import { addVerb, answering } from '../verb';
import { versionRecords } from '../version-records';
import { type WriteOptions, writeOnce } from '../write-once';

interface CompareOptions extends WriteOptions {
  readonly out?: string;
}

export function addCompare(program: Command): void {
  addVerb(program, 'compare', 'compare flights@1 flights@2')
    .argument('<a>', VERSION_NAMES)
    .argument('<b>', 'the same')
    .option('--out <file>', 'writes a page with curves: one file of HTML that needs nothing else')
    .option('--force', 'replaces a file that is there')
    .action(
      answering((a: string, b: string, options: CompareOptions) =>
        withRecords(async (records) => {
          const [first, second] = [await requireVersion(records, a), await requireVersion(records, b)];
          const { compareVersions } = await import('../../engines/report/versions/compare.js');
          const comparison = compareVersions(
            await versionRecords(records, first),
            await versionRecords(records, second)
          );
          if (options.out === undefined) return { json: comparison, text: comparisonText(comparison) };
          const { drawComparePage } = await import('../../engines/report/versions/draw-compare-page.js');
          await writeOnce(options.out, options, async (file) => writeFile(file, await drawComparePage(comparison)));
          return { json: { file: options.out, ...comparison }, text: `Written to ${options.out}.` };
        })
      )
    );
}

export function comparisonText(comparison: Comparison): string {
  const { a, b, sameTestRows, metrics, slices } = comparison;
  const rowsNote = sameTestRows
    ? 'evaluated on the same rows'
    : 'evaluated on different rows: a difference of metrics may be one of the rows';
  const parts = [
    `${a} beside ${b}, ${rowsNote}`,
    section(
      'Metrics',
      table(
        ['metric', a, b, 'difference', 'paired'],
        metrics.map((pair) => [
          pair.metric,
          pair.a?.estimate,
          pair.b?.estimate,
          pair.difference,
          pairedWords(pair.paired),
        ])
      )
    ),
    differenceText('Parameters', comparison.parameters, comparison),
    differenceText('Data', comparison.data, comparison),
    differenceText('Features', comparison.features, comparison),
    differenceText('Code and environment', comparison.code, comparison),
    section(
      'Loss by slice',
      table(
        ['slice', a, b],
        slices.map((slice) => [slice.slice, slice.a, slice.b])
      )
    ),
  ];
  return parts.filter((part) => part !== undefined).join('\n\n');
}

function pairedWords(paired: Interval | undefined): string | undefined {
  return paired === undefined ? undefined : intervalWords(paired, 4);
}

function differenceText(heading: string, all: readonly Difference[], { a, b }: Comparison): string | undefined {
  return section(
    heading,
    table(
      ['', a, b],
      all.map((one) => [one.what, one.a, one.b])
    )
  );
}

/** Nothing where the table has no row. */
function section(heading: string, text: string): string | undefined {
  return text.includes('\n') ? `${heading}\n${text}` : undefined;
}
