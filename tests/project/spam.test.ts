import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mailsOf } from '../../examples/spam/mails';
import { groupsOf } from '../../examples/spam/near-duplicates';
import spam from '../../examples/spam/project';
import { columnsOfFeatures } from '../../src/domain/definition';
import { defineProject, type ProjectInput } from '../../src/project/define-project';

describe('the spam example', () => {
  test('is in its normal form, reads body and subject alone, and keeps copies of a mail in one part', () => {
    expect(defineProject(spam as ProjectInput)).toEqual(spam);
    expect(new Set(columnsOfFeatures(spam.features))).toEqual(new Set(['body', 'subject']));
    expect(spam.split).toMatchObject({ by: 'hash', columns: ['group'] });
  });

  test('nearly equal texts are one group, named by its first; others are groups of their own', () => {
    const words = (from: number, count: number) =>
      Array.from({ length: count }, (_, i) => `w${'x'.repeat((from + i) % 97)}y`);
    const letter = words(0, 80).join(' ');
    const copies = [letter, `<p>Dear 17,\n${letter.toUpperCase()}</p>`, `${letter} unsubscribe 2002-10-08`];
    const others = [words(0, 80).toReversed().join(' '), '', 'short', 'Short!', ''];
    expect(groupsOf([...copies, ...others])).toEqual([0, 0, 0, 3, 4, 5, 5, 4]);
  });

  test('a mail is read as UTF-8, as it declares, or as Latin letters; of its header the subject alone', () => {
    const folder = mkdtempSync(join(tmpdir(), 'mlops-mails-'));
    try {
      const mail = (header: string, body: Buffer) => Buffer.concat([Buffer.from(`${header}\n\n`), body]);
      const files: Readonly<Record<string, Buffer>> = {
        'easy-ham-1/00001.a.txt': mail(
          'To: eve@x.org\nSubject: folded\n\tline',
          Buffer.from('Zoë\n\nSubject: not this')
        ),
        'easy-ham-1/00002.b.txt': mail('Content-Type: text/plain; charset="koi8-r"', Buffer.from([0xd0, 0xd2, 0xc9])),
        'spam-1/00001.c.txt': mail('SUBJECT:', Buffer.from('Größe', 'latin1')),
        'spam-1/00002.d.txt': mail('Content-Type: text/plain; charset=unknown-8bit', Buffer.from('Größe', 'latin1')),
        'spam-1/00002.d.json': Buffer.from('{}'),
      };
      for (const each of ['easy-ham-1', 'easy-ham-2', 'hard-ham-1', 'spam-1', 'spam-2'])
        mkdirSync(join(folder, 'data', each), { recursive: true });
      for (const [name, bytes] of Object.entries(files)) writeFileSync(join(folder, 'data', name), bytes);
      expect(mailsOf(folder)).toEqual([
        {
          mail: 'easy-ham-1/00001',
          group: 'easy-ham-1/00001',
          subject: 'folded line',
          body: 'Zoë\n\nSubject: not this',
          spam: false,
        },
        { mail: 'easy-ham-1/00002', group: 'easy-ham-1/00002', subject: '', body: 'при', spam: false },
        { mail: 'spam-1/00001', group: 'spam-1/00001', subject: '', body: 'Größe', spam: true },
        { mail: 'spam-1/00002', group: 'spam-1/00001', subject: '', body: 'Größe', spam: true },
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
