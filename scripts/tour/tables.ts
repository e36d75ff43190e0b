/** The tour's tables: real files as they are found, each with a question. */
export interface TourTable {
  readonly name: string;
  /** Relative to the repository. */
  readonly file: string;
  /** Where the file's ending does not say what it is. */
  readonly format?: 'jsonl';
  readonly target: string;
}

export const TABLES: readonly TourTable[] = [
  // One row a day, four years; the day is the key.
  {
    name: 'weather',
    file: 'node_modules/vega-datasets/data/seattle-weather.csv',
    target: 'weather = rain',
  },
  // A JSON array with blanks in its names, dates such as "Jun 12 1998", and many values missing.
  {
    name: 'movies',
    file: 'node_modules/vega-datasets/data/movies.json',
    format: 'jsonl',
    target: 'IMDB Rating > 6.5',
  },
];
