import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { canonicalJson, digestOf, digestOfBytes, digestOfFile } from '../../src/runtime/digest';

describe('canonical JSON', () => {
  it('is the text that RFC 8785 gives for its own example', () => {
    const value = {
      numbers: JSON.parse('[333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001]') as unknown,
      string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/',
      literals: [null, true, false],
    };
    expect(canonicalJson(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
    );
  });

  it('sorts keys by UTF-16 code units, as RFC 8785 asks', () => {
    const keys = ['\u20ac', '\r', '\ufb33', '1', '\u{1f600}', '\u0080', '\u00f6'];
    const value = Object.fromEntries(keys.map((key) => [key, 0]));
    expect(Object.keys(JSON.parse(canonicalJson(value)) as object).filter((key) => key !== '1')).toEqual([
      '\r',
      '\u0080',
      '\u00f6',
      '\u20ac',
      '\u{1f600}',
      '\ufb33',
    ]);
  });

  it('leaves out keys without a value', () => {
    expect(canonicalJson({ b: undefined, a: 1 })).toBe('{"a":1}');
  });

  it.each([
    ['a function', { deep: [() => 1] }, '$.deep[0] is function'],
    ['NaN', { x: Number.NaN }, '$.x is NaN'],
    ['a map', new Map([[1, 2]]), '$ is [object Map]'],
    ['nothing', undefined, '$ is undefined'],
    ['a hole in a list', [1, undefined], '$[1] is undefined'],
    ['a bigint', { n: 1n }, '$.n is bigint'],
  ])('refuses %s and says where', (_, value, message) => {
    expect(() => canonicalJson(value)).toThrow(message);
  });
});

describe('digests', () => {
  it('survive a trip through JSON and any order of keys', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).reverse());
        expect(digestOf(reversed)).toBe(digestOf(value));
        expect(digestOf(JSON.parse(JSON.stringify(value)))).toBe(digestOf(value));
      })
    );
  });

  it('of bytes is the well-known SHA-256', () => {
    expect(digestOfBytes(Buffer.from('abc'))).toBe(
      'sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
    );
  });

  it('of a file is that of its bytes, over several chunks', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'digest-'));
    try {
      const bytes = Buffer.alloc(3_000_001, 'temporal');
      await writeFile(join(folder, 'file'), bytes);
      expect(await digestOfFile(join(folder, 'file'))).toBe(
        `sha256:${createHash('sha256').update(bytes).digest('hex')}`
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
