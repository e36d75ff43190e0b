import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { errorCodeOf } from '../../domain/errors';
import { STUDY_NAME, versionLabel } from '../../domain/ids';
import type { Fact, Records, VersionRecord } from '../../records';
import { jobVersion } from '../../runtime/job-versions';
import { withRecords } from '../connect';
import { evaluationOf, versionNamed } from '../named-version';
import { pagedStudy } from '../paged-study';
import { type AsOfOption, SNAPSHOT_NAMES, snapshotName, withAsOf } from '../named-snapshot';
import { addVerb, answering } from '../verb';
import { type WriteOptions, writeOnce } from '../write-once';

interface ReportOptions extends AsOfOption, WriteOptions {
  readonly out: string;
}

export function addReport(program: Command): void {
  const command = addVerb(program, 'report', 'report flights@2 --out evaluation.html')
    .argument(
      '<what>',
      `<project>@<version>: its evaluation. A study's id, as mlops study shows it. Else a snapshot: ${SNAPSHOT_NAMES}`
    )
    .requiredOption('--out <file>', 'the page to write: one file of HTML that needs nothing else')
    .option('--force', 'replaces a file that is there')
    .action(
      answering((name: string, options: ReportOptions) =>
        withRecords(async (records) => {
          if (options.asOf === undefined && STUDY_NAME.test(name)) {
            const json = await writeStudy(records, name, options);
            return { json: { file: options.out, ...json }, text: `Written to ${options.out}.` };
          }
          const version = options.asOf === undefined ? await versionNamed(records, name) : undefined;
          const json =
            version === undefined
              ? await writeSnapshot(records, snapshotName(name, options), options)
              : await writeEvaluation(records, version, options);
          return { json: { file: options.out, ...json }, text: `Written to ${options.out}.` };
        })
      )
    );
  withAsOf(command);
}

async function writeSnapshot(records: Records, name: string, options: ReportOptions): Promise<object> {
  const { _id, body } = await records.snapshot(name);
  const { source, asOf, rows } = body;
  const rendered = { report: await records.report(_id), job: 'report' };
  const report = await written(records, rendered, options, async () => {
    const { batchPage } = await import('../../engines/report/batch-page.js');
    return batchPage({ id: _id, body });
  });
  return { snapshot: _id, source, asOf, rows, ...report };
}

async function writeEvaluation(records: Records, version: VersionRecord, options: ReportOptions): Promise<object> {
  const { evaluation, run } = await evaluationOf(records, version);
  const label = versionLabel(version.body.project, version.body.number);
  const rendered = { report: await records.report(evaluation._id, version._id), job: 'reportEvaluation' };
  const report = await written(records, rendered, options, async () => {
    const { drawEvaluationPage } = await import('../../engines/report/draw-evaluation-page.js');
    return drawEvaluationPage({ id: evaluation._id, body: evaluation.body, run: run.body, version: label });
  });
  return { version: label, evaluation: evaluation._id, rows: evaluation.body.evaluation.rows, ...report };
}

/** Made of the records, which are all there whatever housekeeping takes; of a study that runs, of the trials that ended. */
async function writeStudy(records: Records, study: string, options: ReportOptions): Promise<object> {
  const { drawStudyPage } = await import('../../engines/report/study/draw-study-page.js');
  const paged = await pagedStudy(records, study);
  await writeOnce(options.out, options, async (file) => writeFile(file, await drawStudyPage(paged)));
  return { study, trials: paged.trials.length };
}

interface Rendered {
  readonly report: Fact<'report'> | undefined;
  readonly job: string;
}

/** @returns the report that a cycle rendered; nothing where the page was made of the record just now */
async function written(
  records: Records,
  { report, job }: Rendered,
  options: ReportOptions,
  page: () => Promise<string>
): Promise<{ readonly report?: string }> {
  return writeOnce(options.out, options, async (file) => {
    // One of another release looks otherwise.
    if (report?.step?.version === jobVersion(job) && (await downloaded(records, report, file)))
      return { report: report._id };
    await writeFile(file, await page());
    return {};
  });
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
