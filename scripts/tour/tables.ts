/** The tour's tables: real files as they are found, each with a question. */
export interface TourTable {
  readonly name: string;
  /** Relative to the repository; or a table of the Python package plotnine. */
  readonly file: string | { readonly plotnine: string };
  /** Where the file's ending does not say what it is. */
  readonly format?: 'jsonl';
  readonly target: string;
}

export const TABLES: readonly TourTable[] = [
  // One row a day, four years; the day is the key. Which of five kinds of weather is the question.
  {
    name: 'weather',
    file: 'node_modules/vega-datasets/data/seattle-weather.csv',
    target: 'weather',
  },
  // A JSON array with blanks in its names, dates such as "Jun 12 1998", and many values missing.
  {
    name: 'movies',
    file: 'node_modules/vega-datasets/data/movies.json',
    format: 'jsonl',
    target: 'IMDB Rating > 6.5',
  },
  // No time, no key, 146 rows twice: what names a row is all of it. The price itself is the question.
  {
    name: 'diamonds',
    file: { plotnine: 'diamonds' },
    target: 'price',
  },
  // The same, and which of five cuts is the question.
  {
    name: 'cuts',
    file: { plotnine: 'diamonds' },
    target: 'cut',
  },
  // No time, no key, values missing; 344 rows.
  {
    name: 'penguins',
    file: 'node_modules/vega-datasets/data/penguins.json',
    format: 'jsonl',
    target: 'Sex = MALE',
  },
  // A row for each city and month, year and month in two columns; more than the median is the question.
  {
    name: 'housing',
    file: { plotnine: 'txhousing' },
    target: 'sales > 169',
  },
];
