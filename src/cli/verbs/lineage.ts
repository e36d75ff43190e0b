import type { Command } from 'commander';
import { withRecords } from '../connect';
import { parseCount } from '../options';
import { parseRef } from '../record-words';
import { treeLines } from '../tree';
import { addVerb, answering } from '../verb';

export function addLineage(program: Command): void {
  addVerb(program, 'lineage', 'lineage version/flights@2 --depth 2')
    .argument('<ref>', '<kind>/<id>, as show takes it, or the digest of an artifact')
    .option('--depth <n>', 'levels in each direction', parseCount, 4)
    .action(
      answering((text: string, { depth }: { readonly depth: number }) => {
        const { kind, id } = parseRef(text);
        return withRecords(async (records) => {
          const lineage = await records.lineage(kind, id, { depth });
          const up = treeLines(lineage.up).join('\n');
          const down = treeLines(lineage.down).join('\n');
          return { json: lineage, text: `Made from:\n${up}\n\nBecame:\n${down}` };
        });
      })
    );
}
