import { type TestFolder, testFolder, write } from '../files';
import { read } from './read';

let folder: TestFolder;
beforeEach(() => {
  folder = testFolder();
});
afterEach(() => folder.remove());

async function moments(
  texts: readonly string[],
  format?: readonly string[],
  zone?: string
): Promise<readonly unknown[]> {
  const column = {
    type: 'timestamp',
    ...(format === undefined ? {} : { format }),
    ...(zone === undefined ? {} : { zone }),
  } as const;
  const file = write(folder.path, 'a.csv', `at\n${texts.map((text) => `"${text}"`).join('\n')}\n`);
  const rows = await read(file, { format: 'csv', columns: { at: column }, folder: folder.path });
  return rows.map((row) => ('unparsed' in row ? row.unparsed : (row as { at: unknown }).at));
}

const OSLO = 'Europe/Oslo';

test.each<[string, string, readonly string[] | undefined, string | undefined, string]>([
  ['a day', '2024-01-15', undefined, undefined, '2024-01-15 00:00:00'],
  ['a time without seconds', '2024-01-15T10:05', undefined, undefined, '2024-01-15 10:05:00'],
  ['UTC', '2024-01-15T10:05:20.123456Z', undefined, undefined, '2024-01-15 10:05:20.123456'],
  ['an offset', '2024-01-15T10:05:20+02:00', undefined, undefined, '2024-01-15 08:05:20'],
  ['an offset after a blank', '2024-01-15 10:05:20 +0200', undefined, undefined, '2024-01-15 08:05:20'],
  ['an offset, no seconds', '2024-01-15T10:05Z', undefined, undefined, '2024-01-15 10:05:00'],
  ['an offset, no seconds, a blank', '2024-01-15 10:05-05', undefined, undefined, '2024-01-15 15:05:00'],
  ['a local time in winter', '2024-01-15 10:05:20', undefined, OSLO, '2024-01-15 09:05:20'],
  ['a local time in summer', '2024-07-15 10:05:20', undefined, OSLO, '2024-07-15 08:05:20'],
  ['a local day', '2024-07-15', undefined, OSLO, '2024-07-14 22:00:00'],
  ['its own zone before the declared one', '2024-07-15T10:05:20Z', undefined, OSLO, '2024-07-15 10:05:20'],
  ['its own zone without seconds', '2024-07-15 10:05+00:00', undefined, OSLO, '2024-07-15 10:05:00'],
  ['the hour that is there twice: the later', '2024-10-27 02:30:00', undefined, OSLO, '2024-10-27 01:30:00'],
  ['seconds', '1705276800', ['epoch s'], undefined, '2024-01-15 00:00:00'],
  ['seconds with a fraction', '1705276800.123456', ['epoch s'], undefined, '2024-01-15 00:00:00.123456'],
  ['milliseconds', '1705276800123', ['epoch ms'], undefined, '2024-01-15 00:00:00.123'],
  ['milliseconds before 1970', '-86400000', ['epoch ms'], undefined, '1969-12-31 00:00:00'],
  ['milliseconds as a double', '1.7052768e12', ['epoch ms'], undefined, '2024-01-15 00:00:00'],
  ['microseconds', '1705276800123456', ['epoch us'], undefined, '2024-01-15 00:00:00.123456'],
  ['a spreadsheet’s day', '45306.4375', ['excel'], undefined, '2024-01-15 10:30:00'],
  ['a spreadsheet’s minute', '45306.416666666664', ['excel'], undefined, '2024-01-15 10:00:00'],
  ['American', '01/15/2024', ['%m/%d/%Y'], undefined, '2024-01-15 00:00:00'],
  ['German', '15.01.2024 10:05', ['%d.%m.%Y %H:%M'], undefined, '2024-01-15 10:05:00'],
  ['local by a pattern', '15.07.2024 10:05', ['%d.%m.%Y %H:%M'], OSLO, '2024-07-15 08:05:00'],
  ['AM and PM', '01/15/2024 12:05 AM', ['%m/%d/%Y %I:%M %p'], undefined, '2024-01-15 00:05:00'],
  ['RFC 2822', 'Mon, 15 Jan 2024 10:05:20 +0100', ['%a, %d %b %Y %H:%M:%S %z'], OSLO, '2024-01-15 09:05:20'],
  ['basic', '20240115T000020Z', ['%Y%m%dT%H%M%SZ'], undefined, '2024-01-15 00:00:20'],
  ['the first format that fits', '15.01.2024', ['iso', '%m/%d/%Y', '%d.%m.%Y'], undefined, '2024-01-15 00:00:00'],
])('a timestamp is %s', async (_, text, format, zone, moment) => {
  expect(await moments([text], format, zone)).toEqual([moment]);
});

test.each<[string, string, readonly string[] | undefined]>([
  ['another format', '15.01.2024', undefined],
  ['a day that there is not', '2024-02-30', undefined],
  ['a word', 'epoch', undefined],
  ['infinite', 'infinity', undefined],
  ['of a year with six digits', '-290307-01-01', undefined],
  ['of the year 10000', '10000-01-01', undefined],
  ['before the year 1', '0044-03-15 (BC)', undefined],
  ['a number', '1705276800', undefined],
  ['too many seconds', '1705276800000', ['epoch s']],
  ['more seconds than any type holds', '1e30', ['epoch s']],
  ['a word for a number', 'now', ['epoch ms']],
  ['a number with a mark', '1_705_276_800', ['epoch s']],
  ['of no format', '2024-01-15', ['%d.%m.%Y', 'epoch s']],
])('it is none where it is %s', async (_, text, format) => {
  expect(await moments([text, '2024-01-15'], format)).toEqual([{ at: text }, expect.anything()]);
});

test('UTC is UTC, however it is written: times that are none, too', async () => {
  const two = (n: number) => String(n).padStart(2, '0');
  const texts = Array.from({ length: 400 }, (_, i) => {
    const day = `${[1, 1582, 1970, 2024, 9999][i % 5]!.toString().padStart(4, '0')}-${two((i * 7) % 14)}-${two((i * 5) % 33)}`;
    const time = `${two((i * 11) % 26)}:${two((i * 13) % 62)}:${two((i * 17) % 62)}`;
    return `${day}${i % 2 === 0 ? 'T' : ' '}${time}${['', '.5', '.123456'][i % 3]}`;
  });
  const read = async (zone: string) =>
    (await moments(texts.map((text) => `${text}${zone}`))).map((one) =>
      typeof one === 'string' && !one.includes('{') ? one : null
    );
  const plain = await read('');
  expect(plain.filter((one) => one !== null).length).toBeGreaterThan(100);
  expect(await read('Z')).toEqual(plain);
  expect(await read('+00:00')).toEqual(plain);
});
