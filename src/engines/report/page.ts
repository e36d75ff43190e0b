/**
 * A self-contained page: no script, nothing from elsewhere, and a policy that says so. All text goes through preact's renderer,
 * which escapes it; nothing here makes HTML of a text.
 */
import { createHash } from 'node:crypto';
import { type ComponentChildren, h, type JSX } from 'preact';
import { renderToStaticMarkup } from 'preact-render-to-string';
import { quoted } from '../../domain/quote';
import { STYLE } from './style';

export function htmlPage(title: string, children: ComponentChildren): string {
  const page = h(
    'html',
    { lang: 'en' },
    h(
      'head',
      null,
      h('meta', { charSet: 'utf-8' }),
      h('meta', { httpEquiv: 'Content-Security-Policy', content: POLICY }),
      h('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
      h('meta', { name: 'referrer', content: 'no-referrer' }),
      h('title', null, quoted(title, 200)),
      h('style', null, STYLE)
    ),
    h('body', null, h('main', null, children))
  );
  return `<!doctype html>\n${renderToStaticMarkup(page)}\n`;
}

/** The one style by its digest. */
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

export function section(id: string, heading: string, ...children: ComponentChildren[]): JSX.Element {
  return h('section', { 'aria-labelledby': id }, h('h2', { id }, heading), ...children);
}
