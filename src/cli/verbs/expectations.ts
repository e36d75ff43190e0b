import { readFile } from 'node:fs/promises';
import { Argument, type Command } from 'commander';
import type { SchemaDefinition, SourceDefinition } from '../../domain/definition';
import { MlopsError } from '../../domain/errors';
import type { Fact } from '../../domain/records';
import { withRecords } from '../connect';
import { addVerb, answering, type Outcome } from '../verb';

export function addExpectations(program: Command): void {
  addVerb(program, 'expectations', 'expectations import suite.json')
    .addArgument(
      new Argument('<direction>', 'a suite of Great Expectations in, or results out').choices(['import', 'export'])
    )
    .argument('<what>', "import: the suite's JSON file; export: a snapshot, as `mlops suggest` takes it")
    .action(
      answering((direction: string, what: string) =>
        direction === 'import'
          ? importSuite(what)
          : withRecords(async (records) => exportResults(await records.snapshot(what)))
      )
    );
}

async function importSuite(file: string): Promise<Outcome> {
  const { takeSuite } = await import('../../project/great-expectations/suite.js');
  const { printSection } = await import('../../project/infer/draft.js');
  const taken = takeSuite(await jsonOf(file));
  if (taken === undefined) throw notASuite(file, 'It has no list `expectations`.');
  const { columns, table, declares, notTaken } = taken;
  const schema = { columns: columns.map(({ rule }) => rule), table: table.map(({ rule }) => rule) };
  const comments = new Map([
    ...columns.map(({ from }, i) => [`schema.columns.${i}`, { why: from }] as const),
    ...table.map(({ from }, i) => [`schema.table.${i}`, { why: from }] as const),
  ]);
  const lines = [
    ...declares.map(
      ({ column, type, from }) =>
        `// source.columns declares ${column}${type === undefined ? '' : `: '${type}'`} (${from})`
    ),
    ...notTaken.map(({ expectation, why }) => `// NOT TAKEN: ${expectation}: ${why}`),
    printSection('schema', schema, comments),
  ];
  const more = notTaken.length === 1 ? 'One expectation is' : `${notTaken.length} expectations are`;
  return {
    json: { file, schema, declares, notTaken },
    text: lines.join('\n'),
    ...(notTaken.length === 0
      ? {}
      : { failed: `${more} not taken: ${notTaken.map(({ expectation }) => expectation).join(', ')}` }),
  };
}

async function jsonOf(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as unknown;
  } catch (cause) {
    throw notASuite(file, `It can't be read as JSON: ${(cause as Error).message}.`);
  }
}

function notASuite(file: string, why: string): MlopsError {
  const fix = "Give a suite's JSON, as `ExpectationSuite.to_json_dict()` makes it.";
  return new MlopsError('MLOPS_USAGE', `The file is not a suite of Great Expectations. ${why}`, { file }, fix);
}

/** The rules are those of the ingest that made the snapshot. */
async function exportResults({ _id, step, body }: Fact<'snapshot'>): Promise<Outcome> {
  const { columnConfig, tableConfig, validationResult } = await import('../../project/great-expectations/results.js');
  const { columnChecks } = await import('../../engines/tables/column-checks.js');
  const { tableRuleName } = await import('../../engines/tables/table-rules.js');
  const { schema, source } = (step?.params ?? {}) as {
    readonly schema?: SchemaDefinition;
    readonly source?: SourceDefinition;
  };
  if (schema === undefined || source === undefined) {
    const fix = 'Name one that an ingest made.';
    throw new MlopsError('MLOPS_USAGE', 'The snapshot was not checked by rules.', { snapshot: _id }, fix);
  }
  const batch = body.batches.at(-1);
  const result = validationResult({
    suite: body.source,
    rows: (batch?.added ?? 0) + (batch?.quarantined ?? 0),
    validation: body.validation,
    named: [
      ...schema.columns.flatMap((rule) =>
        columnChecks(rule, source.columns[rule.column]!.type).map(({ name, field }) => ({
          name,
          config: columnConfig(rule, field),
        }))
      ),
      ...schema.table.flatMap((rule) => {
        const [name, config] = [tableRuleName(rule), tableConfig(rule)];
        return name === undefined || config === undefined ? [] : [{ name, config }];
      }),
    ],
    meta: { snapshot: _id, as_of: body.asOf, batch: body.batches.length - 1, run_by: 'temporal-mlops' },
  });
  return { json: result, text: JSON.stringify(result, undefined, 2) };
}
