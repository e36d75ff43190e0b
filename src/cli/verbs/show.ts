import type { Command } from 'commander';
import { MlopsError } from '../../domain/errors';
import { pluralOf, RECORD_KINDS } from '../../records';
import { withRecords } from '../connect';
import { recordPage } from '../record-page';
import { parseRef } from '../record-words';
import { addVerb, answering } from '../verb';

export function addShow(program: Command): void {
  addVerb(program, 'show', 'show run/3fa2b1c4d5e6')
    .argument(
      '<ref>',
      `<kind>/<id>, such as version/flights@2 or request/flights/1; kinds are ${RECORD_KINDS.join(', ')}`
    )
    .action(
      answering((text: string) => {
        const { kind, id } = parseRef(text);
        return withRecords(async (records) => {
          const record = await records.find(kind, id);
          if (record !== undefined) return { json: record, text: await recordPage(kind, record, records) };
          throw new MlopsError(
            'MLOPS_NOT_FOUND',
            `There is no such ${kind}.`,
            { id },
            HOW_TO_NAME[kind] ?? `mlops ls ${pluralOf(kind)} lists what there is.`
          );
        });
      })
    );
}

const HOW_TO_NAME: Readonly<Record<string, string>> = {
  prediction: 'Write prediction/<endpoint>/<id>, with the id of the answer.',
};
