/** What is predicted. */
import type { RegisteredUse } from './reader';

export interface LabelDefinition {
  /** Names the label in records and reports. */
  readonly name: string;
  /** Count it up when the label's meaning changes. */
  readonly version: number;
  readonly labeler:
    | {
        readonly rule: {
          /** The column that is compared. */
          readonly column: string;
          /** The row's label is 1 where the comparison holds, 0 where it does not, none where the value is missing. */
          readonly op: '>' | '>=' | '<' | '<=' | '=';
          /** A number or a text, as the column is; of a timestamp ISO-8601 in UTC, of a boolean 'true' or 'false'. */
          readonly value: number | string;
        };
      }
    /** The column's value is the label, and a row without one has none: of the tasks `number`, `classes` and `labels`. */
    | {
        /**
         * Its type depends on the task. `number`: number, integer or decimal. `classes`: string, integer or boolean, whose text is a
         * class's name. `labels`: string or text that lists the names of the labels that hold; the empty text lists none.
         */
        readonly column: string;
        /** Of the task `labels`: stands between two names (default `;`); blanks around a name are not a part of it. */
        readonly separator?: string;
      }
    | RegisteredUse;
}
