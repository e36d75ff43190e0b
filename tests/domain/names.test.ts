import { parseDurationMs } from '../../src/domain/durations';
import {
  CLIENT_ID,
  isPersonName,
  parsePredictionId,
  parseRequest,
  phaseId,
  policyRequestName,
  predictionId,
  requestId,
  requestName,
  schemaRequestName,
} from '../../src/domain/ids';
import { MESSAGES } from '../../src/domain/messages';
import { malformedOperatorMessage } from '../../src/domain/operator-messages';

test('message names are public: changing one breaks running workflows and everyone’s scripts', () => {
  expect(Object.values(MESSAGES)).toEqual([
    'retrain',
    'import',
    'apply',
    'retry',
    'skip',
    'pause',
    'unpause',
    'stop',
    'rollback',
    'deploy',
    'trigger',
    'decided',
    'status',
    'stopStudy',
    'extendStudy',
    'decide',
    'supersede',
    'watch',
    'setClock',
    'watermark',
  ]);
});

test('a request is named by project and cycle, or by its workflow', () => {
  expect(parseRequest('flights-1/2')).toEqual({ project: 'flights-1', name: '2' });
  expect(parseRequest(phaseId('flights-1', 2, 'approve'))).toEqual({ project: 'flights-1', name: '2' });
  for (const name of [schemaRequestName(3), policyRequestName(1)]) {
    expect(parseRequest(phaseId('flights-1', name, 'approve'))).toEqual({ project: 'flights-1', name });
    expect(parseRequest(requestId({ project: 'flights-1', name }))).toEqual({ project: 'flights-1', name });
    expect(requestName({ _id: `flights-1/${name}`, project: 'flights-1' })).toEqual({ project: 'flights-1', name });
  }
});

test.each([
  'flights',
  'flights/x',
  '../etc/1',
  'flights/1/train',
  'flights/schema-x',
  'flights/schema-',
  'mlops/flights/1/train',
  'Flights/1',
  'a/1234567890',
])('%s names no request', (text) => {
  expect(parseRequest(text)).toBeUndefined();
});

test('a row alone has its request’s id, one of several an id that no client can give', () => {
  expect(predictionId('abc', 0, 1)).toBe('abc');
  expect(predictionId('abc', 2, 3)).toBe('abc/2');
  expect('abc/2').not.toMatch(CLIENT_ID);
  expect(parsePredictionId('abc')).toEqual({ request: 'abc' });
  expect(parsePredictionId('abc/2')).toEqual({ request: 'abc', row: 2 });
});

test.each(['', '/2', 'a/b', 'a/2/3', 'a/', '-a', 'a b', `a/${'1'.repeat(7)}`, 'x'.repeat(129)])(
  '%j names no prediction',
  (text) => {
    expect(parsePredictionId(text)).toBeUndefined();
  }
);

test.each([
  ['7 days', 604_800_000],
  ['1 hour', 3_600_000],
  ['1.5 minutes', 90_000],
  ['250 milliseconds', 250],
])('%s is a duration', (text, ms) => {
  expect(parseDurationMs(text)).toBe(ms);
});

test.each(['7', 'days', '5 lightyears', '-1 day', '1 day ', ''])('%j is no duration', (text) => {
  expect(parseDurationMs(text)).toBeUndefined();
});

test('operators’ messages need an id and a name; retrain an event time; apply a digest', () => {
  expect(malformedOperatorMessage('pause', { id: 'a', by: 'ana' })).toBeUndefined();
  expect(malformedOperatorMessage('pause', { id: 'a' })).toMatch(/^by:/);
  expect(malformedOperatorMessage('retrain', { id: 'a', by: 'ana', asOf: 'tomorrow' })).toMatch(/^asOf:/);
  expect(malformedOperatorMessage('retrain', { id: 'a', by: 'ana', asOf: '2001-02-01T00:00:00Z' })).toBeUndefined();
  expect(malformedOperatorMessage('apply', { id: 'a', by: 'ana', definition: {} })).toMatch(/^definition.digest:/);
  expect(malformedOperatorMessage('stop', null)).toMatch(/object/);
});

test.each(['ana', 'Zoë Müller', '王小明', 'Иван Петров', 'अनिता', 'O’Brien', 'ana@example.org', 'a-b_c.d+e'])(
  '%s is the name of a person',
  (name) => expect(isPersonName(name)).toBe(true)
);

test.each([
  ['empty', ''],
  ['two spaces', 'ana  b'],
  ['a space at its end', 'ana '],
  ['a line break', 'ana\nben'],
  ['a right-to-left override', 'ana\u202Eneb'],
  ['a zero-width space', 'ana\u200Bb'],
  ['a slash', 'a/b'],
  ['a colon', 'role:ana'],
  ['letters that are not composed', 'Zoe\u0308'],
  ['more than 100 letters', 'a'.repeat(101)],
])('a name with %s is refused', (_, name) => {
  expect(isPersonName(name)).toBe(false);
});
