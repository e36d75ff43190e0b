import { writeFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { withRecords } from '../connect';
import { requireVersion, VERSION_NAMES } from '../named-version';
import { addVerb, answering } from '../verb';
import { versionRecords } from '../version-records';
import { type WriteOptions, writeOnce } from '../write-once';

interface CardOptions extends WriteOptions {
  readonly out?: string;
}

export function addCard(program: Command): void {
  addVerb(program, 'card', 'card flights@2 --out card.md')
    .argument('<version>', VERSION_NAMES)
    .option('--out <file>', 'writes it here: a page where the name ends with .html, else Markdown')
    .option('--force', 'replaces a file that is there')
    .action(
      answering((name: string, options: CardOptions) =>
        withRecords(async (records) => {
          const version = await requireVersion(records, name);
          const { records: decisions } = await records.list('decision', {
            project: version.body.project,
            limit: 10_000,
          });
          const { modelCard } = await import('../../engines/report/versions/model-card.js');
          const { cardMarkdown } = await import('../../engines/report/versions/card-markdown.js');
          const card = modelCard({
            ...(await versionRecords(records, version)),
            // The request about a cycle's version has the version's id.
            decisions: decisions.filter(({ body }) => body.request === version._id),
            status: version.status,
          });
          const { out } = options;
          if (out === undefined) return { json: card, text: cardMarkdown(card).trimEnd() };
          const { cardPage } = await import('../../engines/report/versions/card-page.js');
          const written = out.endsWith('.html') ? cardPage(card) : cardMarkdown(card);
          await writeOnce(out, options, (file) => writeFile(file, written));
          return { json: { file: out, ...card }, text: `Written to ${out}.` };
        })
      )
    );
}
