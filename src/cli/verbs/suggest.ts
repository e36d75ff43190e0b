import type { Command } from 'commander';
import type { ColumnRule, TableRule } from '../../domain/definition';
import type { Fact } from '../../domain/records';
import type { Suggested } from '../../project/infer/suggest';
import { withRecords } from '../connect';
import { addVerb, answering, type Outcome } from '../verb';

export function addSuggest(program: Command): void {
  addVerb(program, 'suggest', 'suggest flights')
    .argument(
      '<snapshot>',
      '<project>, <project>@<version>, <project>@<moment>, <project>/<cycle>, or the id of a snapshot'
    )
    .action(answering((name: string) => withRecords(async (records) => suggest(await records.snapshot(name)))));
}

async function suggest({ _id, body }: Fact<'snapshot'>): Promise<Outcome> {
  const { suggestColumnRules, suggestUnique } = await import('../../project/infer/suggest.js');
  const { printSection } = await import('../../project/infer/draft.js');
  const facts = Object.entries(body.profile)
    .filter(([name]) => name !== body.eventTime)
    .map(([name, profile]) => {
      const { type, present, missing, distinct, spread, top } = profile;
      const { min, max } = spread ?? {};
      const range = typeof min === 'number' && typeof max === 'number' ? { min, max } : {};
      return { name, type, privacy: body.privacy.includes(name), present, missing, distinct, top, ...range };
    });
  const columns = facts.flatMap((each) => suggestColumnRules(each));
  const table = facts.flatMap((each) => suggestUnique(each) ?? []);
  const of = (rules: readonly Suggested<ColumnRule | TableRule>[], list: string) =>
    rules.map(({ why }, i) => [`schema.${list}.${i}`, { why }] as const);
  const rows = body.batches.at(-1)?.added ?? body.rows;
  const schema = {
    columns: columns.map(({ rule }) => short(rule)),
    ...(table.length === 0 ? {} : { table: table.map(({ rule }) => rule) }),
  };
  const comments = new Map([...of(columns, 'columns'), ...of(table, 'table')]);
  const head = `// From the ${rows.toLocaleString('en-US')} rows of the newest batch of ${body.source} as of ${body.asOf}: snapshot ${_id}`;
  return {
    json: { snapshot: _id, rows, columns, table },
    text: `${head}\n${printSection('schema', schema, comments)}`,
  };
}

/** Without what is the default. */
function short({ required, ...rule }: ColumnRule): object {
  return required ? rule : { ...rule, required };
}
