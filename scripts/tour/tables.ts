/** The tour's tables: real files as they are found, each with a question. */
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeDigits } from './digits';
import { pythonFile, type PythonFile } from './python';
import { writeDeclarations } from './udhr';

export interface TourTable {
  readonly name: string;
  /** Relative to the repository; or makes one in a folder, since a worker reads nothing outside of its data folder. */
  readonly file: string | ((folder: string) => Promise<string>);
  /** Where the file's ending does not say what it is. */
  readonly format?: 'jsonl';
  readonly target: string;
  /** By which people know the task's models; default: by the task. */
  readonly metric?: 'accuracy';
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
    file: copied('plotnine/data/diamonds.csv', 'diamonds.csv'),
    target: 'price',
  },
  // The same, and which of five cuts is the question.
  {
    name: 'cuts',
    file: copied('plotnine/data/diamonds.csv', 'diamonds.csv'),
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
    file: copied('plotnine/data/txhousing.csv', 'txhousing.csv'),
    target: 'sales > 169',
  },
  // 1,797 images of 64 numbers, each one value: which of ten digits is the question.
  {
    name: 'digits',
    file: written('digits.jsonl', writeDigits),
    target: 'digit',
    metric: 'accuracy',
  },
  // Paragraphs in sixty languages, some without blanks between words: which of the languages is the question.
  {
    name: 'languages',
    file: written('languages.jsonl', writeDeclarations),
    target: 'language',
    metric: 'accuracy',
  },
];

function copied(file: PythonFile, name: string): (folder: string) => Promise<string> {
  return written(name, async (to) => copyFileSync(await pythonFile(file), to));
}

function written(name: string, write: (file: string) => Promise<void>): (folder: string) => Promise<string> {
  return async (folder) => {
    const file = join(folder, name);
    await write(file);
    return file;
  };
}
