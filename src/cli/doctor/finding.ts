export interface Finding {
  readonly state: 'ok' | 'warning' | 'problem';
  /** The part that was looked at: `temporal`, `queue mlops`, `workflow mlops/flights`, … */
  readonly about: string;
  readonly what: string;
  /** What to do; a command where there is one. */
  readonly fix?: string;
}

export const ok = (about: string, what: string): Finding => ({ state: 'ok', about, what });
export const warning = (about: string, what: string, fix: string): Finding => ({ state: 'warning', about, what, fix });
export const problem = (about: string, what: string, fix: string): Finding => ({ state: 'problem', about, what, fix });
