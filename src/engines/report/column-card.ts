/** What a batch's profile says of one column. */
import { h, type JSX } from 'preact';
import type { ColumnProfile } from '../../domain/profile';
import { histogram } from './histogram';
import { count, figure, foreign, percent } from './words';

export function columnCard(name: string, profile: ColumnProfile, isPrivate: boolean): JSX.Element {
  const { type, present, missing, distinct, moments, spread, top } = profile;
  const rows = present + missing;
  const share = missing === 0 || rows === 0 ? '' : ` (${percent(missing / rows)})`;
  const figures: readonly (readonly [string, string])[] = [
    ['missing', `${count(missing)}${share}`],
    ['distinct', count(distinct)],
    ...(moments === undefined
      ? []
      : [
          ['mean', figure(moments.mean)] as const,
          ['standard deviation', figure(moments.deviation)] as const,
          ['skewness', figure(moments.skewness)] as const,
        ]),
    ...(spread === undefined
      ? []
      : [
          ['least', figure(spread.min)] as const,
          ...Object.entries(spread.quantiles).map(([at, value]) => [quantile(at), figure(value)] as const),
          ['greatest', figure(spread.max)] as const,
        ]),
  ];
  const shown = spread?.histogram;
  return h(
    'article',
    { class: 'column' },
    h('h3', null, name),
    h('div', { class: 'quiet' }, isPrivate ? `${type}, private: no values are shown` : shownAs(type)),
    shown === undefined || spread === undefined
      ? null
      : histogram({ name, counts: shown, from: figure(spread.min), to: figure(spread.max) }),
    h(
      'table',
      null,
      h(
        'tbody',
        null,
        figures.map(([label, value]) => line(label, value))
      )
    ),
    spread !== undefined || top.length === 0 ? null : topTable(top, rows)
  );
}

function shownAs(type: ColumnProfile['type']): string {
  return type === 'text' ? 'text: lengths in characters' : type;
}

function topTable(top: ColumnProfile['top'], rows: number): JSX.Element {
  return h(
    'table',
    null,
    h('caption', null, 'Most frequent'),
    h(
      'tbody',
      null,
      top.map((each) =>
        line(
          foreign(each.value === '' ? '(empty)' : each.value),
          `${count(each.count)} (${percent(each.count / rows)})`
        )
      )
    )
  );
}

function line(label: JSX.Element | string, value: string): JSX.Element {
  return h('tr', null, h('th', { scope: 'row' }, label), h('td', { class: 'number' }, value));
}

/** `0.5` → median, `0.05` → 5th percentile, in short. */
function quantile(share: string): string {
  return share === '0.5' ? 'median' : `${Number((Number(share) * 100).toFixed(4))} %`;
}
