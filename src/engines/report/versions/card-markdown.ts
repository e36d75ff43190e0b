/** A card as Markdown. What people and data named is escaped: it stays text. */
import { quoted } from '../../../domain/quote';
import type { CardSection, ModelCard } from './model-card';

export function cardMarkdown({ title, sections }: ModelCard): string {
  return `${[`# ${escaped(title)}`, ...sections.map(sectionText)].join('\n\n')}\n`;
}

function sectionText({ heading, lines, table }: CardSection): string {
  return [
    `## ${heading}`,
    ...(lines.length === 0 ? [] : [lines.map((line) => `- ${escaped(line)}`).join('\n')]),
    ...(table === undefined || table.rows.length === 0 ? [] : [tableText(table)]),
  ].join('\n\n');
}

function tableText({ header, rows }: NonNullable<CardSection['table']>): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map((row) => line(row.map(escaped)))].join('\n');
}

/** Longer than anything of ours; a comment may be a letter. */
const MOST = 1_000;

/** Characters that make markup of a text, HTML too; one line. */
function escaped(text: string): string {
  return (
    quoted(text, MOST)
      .replace(/[\\`*_{}[\]<>#|~!&]/g, (character) => `\\${character}`)
      // What GitHub makes a link of without being asked.
      .replace(/:\/\//g, ':\\/\\/')
      .replace(/www\./gi, (www) => `${www.slice(0, 3)}\\.`)
  );
}
