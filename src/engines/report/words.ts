/** Figures and foreign texts as they stand in a page. */
import { h, type JSX } from 'preact';
import { quoted } from '../../domain/quote';

export function count(value: number): string {
  return value.toLocaleString('en-US');
}

export function figure(value: number | string | undefined): string {
  if (value === undefined) return '';
  if (typeof value === 'string') return moment(value);
  return Number.isInteger(value) && Math.abs(value) < 1e15 ? count(value) : String(Number(value.toPrecision(5)));
}

/** An estimate: what is beyond four digits is noise. */
export function rounded(value: number | undefined): string {
  if (value === undefined) return '';
  return value !== 0 && (Math.abs(value) < 1e-4 || Math.abs(value) >= 1e9)
    ? value.toExponential(2)
    : String(Number(value.toPrecision(4)));
}

/** Midnight and whole seconds without their zeros. */
export function moment(iso: string): string {
  return iso.replace(/T00:00:00(\.0+)?Z$/, '').replace(/\.0+Z$/, 'Z');
}

/** 0…1 as percent; what is not nothing is never shown as 0 %. */
export function percent(share: number): string {
  const shown = (share * 100).toFixed(share > 0 && share < 0.001 ? 3 : 1);
  return `${shown} %`;
}

/** A text that is not ours: one line, printable, and of its own direction. */
export function foreign(text: string, most = 200): JSX.Element {
  return h('bdi', null, quoted(text, most));
}
