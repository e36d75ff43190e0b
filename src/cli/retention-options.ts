/** `--keep records='90 days'`, as often as needed. */
import { type Command, InvalidArgumentError } from 'commander';
import { DEFAULT_RETENTION, type Retention, retentionMs } from '../domain/housekeeping';

export interface RetentionOptions {
  readonly keep?: Partial<Retention>;
}

export function withRetention(command: Command): Command {
  const defaults = Object.entries(DEFAULT_RETENTION).map(([what, time]) => `${what}=${time}`);
  return command.option(
    '--keep <what=time>',
    `how long bytes stay that nothing needs; repeatable; default: ${defaults.join(', ')}`,
    kept
  );
}

export function retentionOf({ keep }: RetentionOptions): Partial<Retention> {
  return keep ?? {};
}

function kept(text: string, before: Partial<Retention> = {}): Partial<Retention> {
  const at = text.indexOf('=');
  const retention = { ...before, [text.slice(0, Math.max(0, at))]: text.slice(at + 1) };
  const wrong = retentionMs(retention);
  if (typeof wrong === 'string') throw new InvalidArgumentError(`${wrong}. Write --keep 'records=90 days'.`);
  return retention;
}
