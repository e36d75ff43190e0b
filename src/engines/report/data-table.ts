import { type ComponentChildren, h, type JSX } from 'preact';

export interface TableCell {
  readonly content: ComponentChildren;
  /** `number` stands to the right; others colour a verdict. */
  readonly kind?: 'number' | 'text' | 'failed' | 'warned' | 'passed';
}

export const number = (content: ComponentChildren): TableCell => ({ content, kind: 'number' });
export const text = (content: ComponentChildren): TableCell => ({ content, kind: 'text' });

/** A wide table scrolls by itself, by keyboard too. Each row's first cell is its header. */
export function dataTable(
  caption: string,
  header: readonly string[],
  rows: readonly (readonly TableCell[])[]
): JSX.Element {
  const kinds = rows[0]?.map(({ kind }) => kind) ?? [];
  return h(
    'div',
    { class: 'scroll', role: 'region', 'aria-label': caption, tabIndex: 0 },
    h(
      'table',
      null,
      h('caption', null, caption),
      h(
        'thead',
        null,
        h(
          'tr',
          null,
          header.map((name, i) => h('th', { scope: 'col', class: kinds[i] === 'number' ? 'number' : undefined }, name))
        )
      ),
      h(
        'tbody',
        null,
        rows.map((row) =>
          h(
            'tr',
            null,
            row.map(({ content, kind }, i) =>
              i === 0 ? h('th', { scope: 'row', class: kind }, content) : h('td', { class: kind }, content)
            )
          )
        )
      )
    )
  );
}
