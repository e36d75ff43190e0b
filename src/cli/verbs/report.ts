import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { errorCodeOf } from '../../domain/errors';
import type { Fact, Records } from '../../records';
import { jobVersion } from '../../runtime/job-versions';
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
          const snapshot = await records.snapshot(snapshotName(name, options));
          const report = await writeOnce(options.out, options, (file) => writePage(records, snapshot, file));
          const { source, asOf, rows } = snapshot.body;
          const json = { file: options.out, snapshot: snapshot._id, source, asOf, rows };
          return { json: { ...json, ...(report && { report }) }, text: `Written to ${options.out}.` };
        })
      )
    );
  withAsOf(command);
}

/** @returns id of the report that a cycle rendered; undefined where the page was made of the record just now */
async function writePage(records: Records, { _id, body }: Fact<'snapshot'>, file: string): Promise<string | undefined> {
  const report = await records.report(_id);
  // One of another release looks otherwise.
  if (report?.step?.version === jobVersion('report') && (await downloaded(records, report, file))) return report._id;
  const { batchPage } = await import('../../engines/report/batch-page.js');
  await writeFile(file, batchPage({ id: _id, body }));
  return undefined;
}

/** False where housekeeping took its bytes. */
async function downloaded(records: Records, { artifacts }: Fact<'report'>, file: string): Promise<boolean> {
  const page = artifacts.find(({ name }) => name === 'page');
  if (page === undefined) return false;
  try {
    await records.download(page.digest, file);
    return true;
  } catch (error) {
    if (errorCodeOf(error) === 'MLOPS_ARTIFACT_TAKEN') return false;
    throw error;
  }
}
