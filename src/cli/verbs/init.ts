import { writeFile } from 'node:fs/promises';
import { basename, relative, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { MlopsError } from '../../domain/errors';
import { collect, currentUser, person, projectName } from '../options';
import { table } from '../table';
import { addVerb, answering, type Outcome } from '../verb';

interface InitOptions {
  readonly target: string;
  readonly out?: string;
  readonly name?: string;
  readonly format?: Format;
  readonly approver: readonly string[];
  readonly privacy: readonly string[];
  readonly data?: string;
}

const FORMATS = ['parquet', 'csv', 'jsonl'] as const;
type Format = (typeof FORMATS)[number];

export function addInit(program: Command): void {
  addVerb(program, 'init', "init data.csv --target 'price > 2400' --out project.ts")
    .argument('<file>', 'a table: Parquet, CSV, JSON Lines or a JSON array of objects')
    .requiredOption(
      '--target <question>',
      "a column (of two values, of several, or of numbers), or a condition such as 'price > 2400'"
    )
    .option('--out <file>', 'writes the definition into this new file; default: standard output')
    .option('--name <project>', "the project's name; default: the file's", projectName)
    .addOption(new Option('--format <format>', "default: by the file's ending").choices(FORMATS))
    .option(
      '--approver <person>',
      'who approves models; may be given several times; default: $MLOPS_USER, else the system user',
      people,
      []
    )
    .option(
      '--privacy <column>',
      'its values are personal: nothing shows them; may be given several times',
      collect,
      []
    )
    .option('--data <folder>', "the worker's data folder, in which the file is; default: the working directory")
    .action(answering(init));
}

const people = (text: string, before: readonly string[]): string[] => collect(person(text), before);

async function init(file: string, options: InitOptions): Promise<Outcome> {
  const { lookAt } = await import('../../engines/tables/look/look.js');
  const { targetFigures } = await import('../../engines/tables/look/separation.js');
  const { inferProject, questionOf } = await import('../../project/infer/infer.js');
  const { formatOf } = await import('../../project/check-source.js');
  const { defineProject } = await import('../../project/define-project.js');
  const { sourceFile } = await import('../../engines/tables/source-file.js');
  const data = resolve(options.data ?? '.');
  const path = relative(data, resolve(file));
  const local = await sourceFile(data, path);
  const format = options.format ?? formatOf(path) ?? noFormat(file);
  const inferred = await lookAt({ file: local, format }, async ({ database, ...figures }) => {
    const question = questionOf(figures, options.target, options.privacy);
    const decimal = figures.dialect?.decimal ?? '.';
    const { index, time } = question.time?.value ?? {};
    const clock = index === undefined || time === undefined ? undefined : { column: index, format: time.format };
    const answers = await targetFigures(database, figures.columns, { ...question.target, decimal }, clock);
    const name = options.name ?? nameOf(path);
    const approvers = options.approver.length > 0 ? options.approver : [currentUser()];
    return inferProject({ name, path, format, figures, target: options.target, approvers }, question, answers);
  });
  defineProject(inferred.definition);
  if (options.out !== undefined) await writeNew(options.out, inferred.text);
  const { definition, open, text } = inferred;
  return {
    json: { file, out: options.out ?? null, decide: open, definition },
    text: options.out === undefined ? text.trimEnd() : summary(options.out, open),
  };
}

function summary(out: string, open: readonly { readonly path: string; readonly decide: string }[]): string {
  const next = `Written to ${out}. Next: mlops check ${out}`;
  if (open.length === 0) return next;
  const rows = open.map(({ path, decide }) => [path, decide]);
  return `${table(['decide', 'what the figures do not say'], rows)}\n\n${next}`;
}

async function writeNew(out: string, text: string): Promise<void> {
  try {
    await writeFile(out, text, { flag: 'wx' });
  } catch (cause) {
    const there = (cause as NodeJS.ErrnoException).code === 'EEXIST';
    const what = there ? 'The file is there already.' : `The file can't be written: ${(cause as Error).message}.`;
    throw new MlopsError('MLOPS_USAGE', what, { file: out }, 'Give another name with --out.', { cause });
  }
}

/** `Sales 2024.csv` → sales-2024 */
function nameOf(path: string): string {
  const plain = basename(path)
    .replace(/(\.[A-Za-z]+)+$/, '')
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '')
    .slice(0, 48);
  return plain === '' ? 'project' : plain;
}

function noFormat(file: string): never {
  const fix = `Give --format ${FORMATS.join(' or --format ')}.`;
  throw new MlopsError('MLOPS_USAGE', "The file's ending does not say what it is.", { file }, fix);
}
