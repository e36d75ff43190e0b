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

/** Findings of one sort are alike: the first few are shown. */
const MOST_SHOWN = 20;

/** The first few problems of a sort, and how many more there are. */
export class Problems {
  readonly #sort: string;
  readonly #shown: Finding[] = [];
  #more = 0;
  #lastFix = '';

  constructor(sort: string) {
    this.#sort = sort;
  }

  add(about: string, what: string, fix: string): void {
    this.#lastFix = fix;
    if (this.#shown.length < MOST_SHOWN) this.#shown.push(problem(about, what, fix));
    else this.#more += 1;
  }

  findings(): Finding[] {
    return this.#more === 0
      ? this.#shown
      : [...this.#shown, problem(this.#sort, `${this.#more} more like the last`, this.#lastFix)];
  }
}
