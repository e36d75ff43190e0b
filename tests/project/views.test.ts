/** Feature views in a definition: what is refused, and what a join takes over from its rows. */
import { checkProject } from '../../src/project/define-project';

const DEPARTURES = {
  reader: { file: { path: 'departures.csv' } },
  columns: {
    flight: 'string',
    left: 'timestamp',
    landed: 'timestamp',
    origin: 'string',
    delay: 'number',
    pilot: { type: 'string', privacy: true },
  },
  key: ['flight', 'left'],
  eventTime: 'left',
  knownAt: { column: 'landed' },
} as const;

const WEATHER = {
  reader: { file: { path: 'weather.csv' } },
  columns: { at: 'timestamp', origin: 'string', wind: 'number', height: 'integer' },
  eventTime: 'at',
} as const;

const VIEWS = {
  lately: {
    from: 'departures',
    entity: ['origin'],
    window: { event: '3 hours' },
    ttl: { event: '3 hours' },
    values: { meanDelay: 'avg(delay)' },
  },
  left: { from: 'departures', entity: ['origin'], clock: 'eventTime', values: { departed: 'count(*)' } },
  weather: { from: 'weather', entity: ['origin'], values: { wind: 'last(wind)' } },
} as const;

const PROJECT = {
  name: 'late-flights',
  sources: { departures: DEPARTURES, weather: WEATHER },
  views: VIEWS,
  source: {
    reader: { join: { rows: 'departures', views: ['lately', 'left', 'weather'] } },
    columns: {
      flight: 'string',
      left: 'timestamp',
      landed: 'timestamp',
      origin: 'string',
      delay: 'number',
      meanDelay: 'number',
      departed: 'integer',
      wind: 'number',
    },
  },
  label: { name: 'late', labeler: { rule: { column: 'delay', op: '>', value: 15 } } },
  features: [{ transform: 'standardize', column: 'meanDelay' }],
  approval: { approvers: ['ana'] },
} as const;

type Json = { [key: string]: Json };

function found(change: (project: Json) => unknown): string[] {
  const project = structuredClone(PROJECT) as unknown as Json;
  change(project);
  return checkProject(project).mistakes.map(({ path, problem }) => `${path}: ${problem}`);
}

test('a join has the key, event time and known-at of its rows, and is an input again', () => {
  const { definition, mistakes } = checkProject(PROJECT);
  expect(mistakes).toEqual([]);
  expect(definition!.source).toMatchObject({
    key: ['flight', 'left'],
    eventTime: 'left',
    knownAt: { column: 'landed' },
  });
  expect(definition!.views['lately']).toEqual({ ...VIEWS.lately, clock: 'knownAt', whenOld: 'missing' });
  expect(definition!.views['weather']).toEqual({ ...VIEWS.weather, clock: 'knownAt', whenOld: 'missing' });
  expect(checkProject(definition).definition).toEqual(definition);
});

test('a view may give a text', () => {
  const changed = (p: Json) => {
    view('weather', { values: { wind: 'last(origin)' } })(p);
    p['source']!['columns']!['wind'] = 'text' as never;
  };
  expect(found(changed)).toEqual([]);
});

const view = (name: keyof typeof VIEWS, changes: object) => (p: Json) => Object.assign(p['views']![name]!, changes);
const own = (changes: object) => (p: Json) => Object.assign(p['source']!, changes);

test.each<[string, (project: Json) => unknown, string]>([
  [
    'an unknown source',
    view('lately', { from: 'departure' }),
    'views.lately.from: departure must be one of sources. Did you mean departures?',
  ],
  [
    'an unknown entity column',
    view('lately', { entity: ['orign'] }),
    'views.lately.entity[0]: sources.departures.columns has no column orign. Did you mean origin?',
  ],
  [
    'an entity that is a number',
    view('weather', { entity: ['wind'] }),
    'views.weather.entity[0]: must be a column of type string, integer or boolean; wind is number',
  ],
  [
    'an entity that the rows lack',
    view('weather', { entity: ['height'] }),
    "source.reader.join.views[2]: weather can't be joined: its entity height is not a column of the rows",
  ],
  [
    'an entity of another type',
    (p) => (p['sources']!['weather']!['columns']!['origin'] = 'integer' as never),
    "source.reader.join.views[2]: weather can't be joined: its entity origin is integer, and string in the rows",
  ],
  [
    'an entity that is the answer',
    (p) => {
      (p['label']!['labeler'] as unknown) = { rule: { column: 'origin', op: '=', value: 'OSL' } };
    },
    'views.lately.entity[0]: origin is what the label is made of: values by it would give the answer away',
  ],
  [
    'a value with the name of a column',
    view('weather', { values: { delay: 'last(wind)' } }),
    'views.weather.values.delay: delay is a name that sources.departures gives already: give it another',
  ],
  [
    'a value with the name of another',
    view('weather', { values: { Departed: 'last(wind)' } }),
    'views.weather.values.Departed: Departed is a name that views.left gives already: give it another',
  ],
  [
    'a view that reads the future',
    view('left', { values: { departed: 'avg(Delay)' } }),
    "views.left.values.departed: reads the future: delay is what the label is made of; leave the clock out, so that each row counts once it is known ('knownAt')",
  ],
  [
    'the future in a filter',
    view('left', { values: { departed: 'count(*) FILTER (WHERE "delay" > 0)' } }),
    'reads the future',
  ],
  [
    'the future behind a text',
    view('left', { values: { departed: String.raw`count(e'\'' || delay || '')` } }),
    'reads the future',
  ],
  [
    'a ttl in wall time',
    view('lately', { ttl: { wall: '1 hour' } }),
    "views.lately.ttl: is by the event clock (the world's time, as the data say), not by wall; write { event: '7 days' }",
  ],
  [
    'a window that is no duration',
    view('lately', { window: { event: 'three hours' } }),
    'views.lately.window: is not a duration: "three hours"',
  ],
  ['a clock that there is not', view('lately', { clock: 'wall' }), 'views.lately.clock: must be knownAt or eventTime'],
  [
    'a history without a clock',
    (p) => delete p['sources']!['weather']!['eventTime'],
    'views.weather.from: weather has no clock: give sources.weather an event time or known-at',
  ],
  [
    'rows without an event time',
    (p) => delete p['sources']!['departures']!['eventTime'],
    'source.reader.join.rows: departures has no event time: values are those before',
  ],
  [
    'a view that is nowhere',
    own({ reader: { join: { rows: 'departures', views: ['latly'] } } }),
    'source.reader.join.views[0]: latly must be one of views. Did you mean lately?',
  ],
  [
    'a view in no join',
    own({ reader: { join: { rows: 'departures', views: ['lately'] } } }),
    "views.left: is in no join: name it in a source's reader.join.views",
  ],
  [
    'rows of no source',
    own({ reader: { join: { rows: 'flights', views: ['lately'] } } }),
    'source.reader.join.rows: flights must be one of sources, before this one.',
  ],
  [
    'another known-at',
    own({ knownAt: { column: 'left' } }),
    'source.knownAt: must be that of sources.departures: leave it out',
  ],
  [
    'another event time',
    own({ eventTime: 'landed' }),
    'source.eventTime: must be that of sources.departures: leave it out',
  ],
  ['another key', own({ key: ['flight'] }), 'source.key: must be that of sources.departures: leave it out'],
  [
    'a column that nothing gives',
    (p) => (p['source']!['columns']!['rain'] = 'number' as never),
    'source.columns.rain: is neither a column of sources.departures nor a value of a view that is joined.',
  ],
  [
    'a column of another type',
    (p) => (p['source']!['columns']!['delay'] = 'integer' as never),
    'source.columns.delay: must be number, as in sources.departures; is integer',
  ],
  [
    'a value that is a vector',
    (p) => (p['source']!['columns']!['meanDelay'] = 'vector(3)' as never),
    'source.columns.meanDelay: can not be a vector: a view gives single values',
  ],
  [
    'a private column shown',
    (p) => (p['source']!['columns']!['pilot'] = 'string' as never),
    'source.columns.pilot: must have privacy: true, as what it is made of',
  ],
  [
    'a value of a private column shown',
    view('lately', { values: { meanDelay: 'max(pilot)' } }),
    'source.columns.meanDelay: must have privacy: true, as what it is made of',
  ],
])('%s', (_, change, said) => {
  expect(found(change).join('\n')).toContain(said);
});
