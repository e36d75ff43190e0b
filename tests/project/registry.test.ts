import { describeRegistered, type Row } from '../../src/project/registry';

const late = { version: '1', label: (rows: readonly Row[]) => rows.map((row) => (Number(row['delay']) > 15 ? 1 : 0)) };
const log = { version: '2', notify: (): void => undefined };

describe('registered code', () => {
  it('is described by kind, name, version and the digest of its source', () => {
    const described = describeRegistered({ notifiers: { b: log, a: log }, labelers: { late } });
    expect(described.map(({ kind, name, version }) => `${kind} ${name} ${version}`)).toEqual([
      'labeler late 1',
      'notifier a 2',
      'notifier b 2',
    ]);
    for (const { sourceDigest } of described) expect(sourceDigest).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it('has another digest once its function changed, and the same one while it did not', () => {
    const changed = { version: '1', label: (rows: readonly Row[]) => rows.map(() => 1 as const) };
    const [before] = describeRegistered({ labelers: { late } });
    const [again] = describeRegistered({ labelers: { late: { ...late, version: '9' } } });
    const [after] = describeRegistered({ labelers: { late: changed } });
    expect(again?.sourceDigest).toBe(before?.sourceDigest);
    expect(after?.sourceDigest).not.toBe(before?.sourceDigest);
  });

  it.each([
    ['no version', { notifiers: { log: { notify: log.notify } } }, 'registered.notifiers.log.version'],
    ['a version that breaks an id', { notifiers: { log: { ...log, version: '1/2' } } }, 'notifiers.log.version'],
    ['a name that breaks an id', { notifiers: { 'a/b': log } }, 'notifiers.a/b'],
    ['no function', { labelers: { late: { version: '1' } } }, 'labelers.late.label'],
    [
      'a bound function',
      { notifiers: { log: { version: '1', notify: log.notify.bind(null) } } },
      'notifiers.log.notify',
    ],
    ['a kind that there is not', { notifier: { log } }, 'Kinds are readers, labelers'],
  ])('is refused with %s', (_, code, message) => {
    expect(() => describeRegistered(code as never)).toThrow(message);
  });
});
