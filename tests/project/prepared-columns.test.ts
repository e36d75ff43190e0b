/** Columns of a source that a statement or a join makes: they are named and converted there. */
import { checkProject } from '../../src/project/define-project';
import { CHURN } from './churn';

const customers = CHURN.source;
const sources = { customers: { ...customers, key: ['plan', 'at'] } };

const bySql = {
  ...CHURN,
  sources,
  source: {
    ...customers,
    key: ['plan', 'at'],
    reader: { sql: { from: ['customers'], statement: 'SELECT * FROM customers' } },
  },
};
const byJoin = {
  ...CHURN,
  sources,
  views: { spent: { from: 'customers', entity: ['plan'], values: { spent: 'sum(spend)' } } },
  source: {
    columns: { ...customers.columns, spent: 'number' },
    reader: { join: { rows: 'customers', views: ['spent'] } },
  },
};

test.each([
  ['statement', bySql, 'the statement names its columns (SELECT … AS spend)'],
  ['join', byJoin, 'rename the column in sources.customers'],
])('a %s gives no column under the name that `from` says', (_, project, fix) => {
  expect(checkProject(project).mistakes).toEqual([]);
  const columns = { ...project.source.columns, spend: { type: 'number', from: 'SPEND' } };
  const { mistakes } = checkProject({ ...project, source: { ...project.source, columns } });
  expect(mistakes.map(({ path, problem }) => `${path}: ${problem}`)).toEqual([
    `source.columns.spend.from: can't be of a prepared source: ${fix}`,
  ]);
});

test.each([
  ['statement', bySql],
  ['join', byJoin],
])('timestamps of a %s are in UTC: a zone would move them once more, and a format reads nothing', (_, project) => {
  for (const [option, value] of [
    ['zone', 'Europe/Berlin'],
    ['format', '%d.%m.%Y %H:%M'],
  ] as const) {
    const columns = { ...project.source.columns, at: { type: 'timestamp', [option]: value } };
    const { mistakes } = checkProject({ ...project, source: { ...project.source, columns } });
    expect(mistakes.map(({ path, problem }) => `${path}: ${problem}`)).toEqual([
      `source.columns.at.${option}: can't be of a prepared source: its timestamps are read already, and in UTC. Declare it in sources.customers`,
    ]);
    const read = { ...customers.columns, at: { type: 'timestamp', [option]: value } };
    const readThere = { ...sources, customers: { ...sources.customers, columns: read } };
    expect(checkProject({ ...project, sources: readThere }).mistakes).toEqual([]);
  }
});
