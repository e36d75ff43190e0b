import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { withRecords } from '../connect';
import { type AsOfOption, SNAPSHOT_NAMES, snapshotName, withAsOf } from '../named-snapshot';
import { addVerb, answering } from '../verb';
import { type WriteOptions, writeOnce } from '../write-once';

interface ReportOptions extends AsOfOption, WriteOptions {
  readonly out: string;
}

export function addReport(program: Command): void {
  const command = addVerb(program, 'report', 'report flights --out flights.html')
    .argument('<snapshot>', SNAPSHOT_NAMES)
    .requiredOption('--out <file>', 'the page to write: one file of HTML that needs nothing else')
    .option('--force', 'replaces a file that is there')
    .action(
      answering((name: string, options: ReportOptions) =>
        withRecords(async (records) => {
          const { batchPage } = await import('../../engines/report/batch-page.js');
          const { _id, body } = await records.snapshot(snapshotName(name, options));
          const html = batchPage({ id: _id, body });
          await writeOnce(options.out, options, (file) => writeFile(file, html));
          const { source, asOf, rows } = body;
          return { json: { file: options.out, snapshot: _id, source, asOf, rows }, text: `Written to ${options.out}.` };
        })
      )
    );
  withAsOf(command);
}
