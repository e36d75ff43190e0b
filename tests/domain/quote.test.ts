import { quoted } from '../../src/domain/quote';

test('short printable text stays as it is; lines become one', () => {
  expect(quoted('Århus, 12 km')).toBe('Århus, 12 km');
  expect(quoted(' a\r\n\tb\u2028c ')).toBe('a b c');
});

test('of long text 80 characters, the last of them the mark of the cut', () => {
  expect(quoted('x'.repeat(81))).toHaveLength(80);
  expect(quoted('x'.repeat(81))).toBe(`${'x'.repeat(79)}…`);
  expect(quoted('x'.repeat(80))).toBe('x'.repeat(80));
  // By characters, not by halves of them.
  expect(quoted('😀'.repeat(200))).toBe(`${'😀'.repeat(79)}…`);
});

test('what a terminal or a page would act on is not printed', () => {
  expect(quoted('\u001b[31mred\u0000\u202Eevil')).toBe('?[31mred?evil');
});
