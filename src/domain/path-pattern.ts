/**
 * Paths that name several files. `*` stands for any characters of a name, `**` for any folders; neither for a name that
 * begins with a dot. All other characters are the name's own.
 */

/** Whether the path may name several files. */
export function namesMany(path: string): boolean {
  return path.includes('*');
}

/** Whether the source's path names that file. */
export function isNamedBy(path: string, file: string): boolean {
  if (!namesMany(path)) return path === file;
  const segments = path.split('/');
  const form = segments.map((segment, at) => {
    const end = at === segments.length - 1;
    if (segment === '**') return end ? `${NAME}(?:/${NAME})*` : `(?:${NAME}/)*`;
    return `${patternOf(segment)}${end ? '' : '/'}`;
  });
  return new RegExp(`^${form.join('')}$`, 's').test(file);
}

/** A name of any characters. */
export const NAME = '(?!\\.)[^/]+';

/** One name of a path as a regular expression. */
export function patternOf(segment: string): string {
  const parts = segment.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return `${segment.startsWith('*') ? '(?!\\.)' : ''}${parts.join('[^/]*')}`;
}
