import { h } from 'preact';
import { dataTable, text } from '../data-table';
import { htmlPage, section } from '../page';
import { foreign } from '../words';
import type { ModelCard } from './model-card';

export function cardPage({ title, sections }: ModelCard): string {
  return htmlPage(title, [
    h('h1', null, foreign(title)),
    ...sections.map(({ heading, lines, table }) =>
      section(
        heading.toLowerCase(),
        heading,
        ...lines.map((line) => h('p', null, foreign(line, 1_000))),
        table === undefined || table.rows.length === 0
          ? null
          : dataTable(
              heading,
              table.header,
              table.rows.map((row) => row.map((cell) => text(foreign(cell, 1_000))))
            )
      )
    ),
  ]);
}
