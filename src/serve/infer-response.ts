/** An answer as the response of the Open Inference Protocol, V2, as its JSON text. */
import { numbersOf } from '../domain/scores';
import { flagsOf, type Output } from '../domain/task';
import type { Answer, Predicted } from './predictor';

/**
 * What the rows have is put together as text: to the JSON of a thousand ids and scores `JSON.stringify` of the whole would take
 * several times as long.
 * @param model the model's name in URLs
 */
export function inferResponse(model: string, { answer, outputs, labels }: Predicted): string {
  const { id, version, route, control, views } = answer;
  let text = `{"model_name":${JSON.stringify(model)},"model_version":"${version}","id":"${id}"`;
  text += `,"parameters":{"version":${version},"route":"${route}","predictions":${idsJson(answer.predictions)}`;
  if (labels !== undefined) text += `,"labels":${JSON.stringify(labels)}`;
  if (control !== undefined) text += `,"control":${idsJson(control)}`;
  if (views !== undefined) text += `,"views":${JSON.stringify(views)}`;
  return `${text}},"outputs":[${outputs.map((output) => tensorJson(answer, output, labels)).join(',')}]}`;
}

/** An id has no character that JSON escapes (CLIENT_ID in domain/ids.ts). */
function idsJson(ids: readonly string[]): string {
  return ids.length === 0 ? '[]' : `["${ids.join('","')}"]`;
}

function tensorJson(
  answer: Answer,
  { name, datatype, gives, perClass }: Output,
  labels: readonly string[] | undefined
): string {
  const shape = perClass ? `${answer.scores.length},${numbersOf(answer.scores[0]!).length}` : answer.scores.length;
  return `{"name":"${name}","shape":[${shape}],"datatype":"${datatype}","data":${dataJson(answer, gives, labels)}}`;
}

function dataJson(
  { scores, scoresJson, decisions = [] }: Answer,
  gives: Output['gives'],
  labels: readonly string[] | undefined
): string {
  if (gives === 'decision')
    return JSON.stringify(
      labels === undefined ? decisions : decisions.flatMap((text) => flagsOf(labels, String(text)))
    );
  return typeof scores[0] === 'number' ? scoresJson : JSON.stringify(scores.flat());
}
