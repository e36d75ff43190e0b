/** What a prepared source's statement may be, by DuckDB's own parser. */
import { withDatabase } from '../../../../src/engines/tables/duckdb';
import { checkStatement } from '../../../../src/engines/tables/prepare/statement';

const tables = ['flights', 'weather'];
const check = (statement: string) =>
  withDatabase({ files: [] }, (database) => checkStatement(database, { statement, source: 'joined', tables }));

test.each([
  ['a projection', 'SELECT a, b + 1 AS c FROM flights WHERE a > 1'],
  ['a join as of a moment', 'SELECT f.*, w.x FROM flights f ASOF LEFT JOIN weather w ON f.t >= w.t'],
  ['a common table expression', 'WITH w AS (SELECT * FROM weather) SELECT * FROM flights JOIN w USING (k)'],
  ['a union', 'SELECT k FROM flights UNION ALL SELECT k FROM weather'],
  ['the first row of each key', 'SELECT DISTINCT ON (k) * FROM flights ORDER BY k, t DESC'],
  ['the same by a window', 'FROM flights QUALIFY row_number() OVER (PARTITION BY k ORDER BY t) = 1'],
  ['sums by hour', "SELECT date_trunc('hour', t) AS h, count(*), avg(x) FROM flights GROUP BY ALL"],
  ['the latest value', 'SELECT k, last(x ORDER BY t) AS x FROM flights GROUP BY k'],
  ['a running mean', 'SELECT avg(x) OVER (ORDER BY t ROWS BETWEEN 3 PRECEDING AND CURRENT ROW) FROM flights'],
  ['a subquery', 'SELECT * FROM flights WHERE k IN (SELECT k FROM weather WHERE wet)'],
  ['another case of letters', 'select K from FLIGHTS'],
  ['a list of constants', "SELECT * FROM flights JOIN (VALUES ('a', 1)) v(k, x) USING (k)"],
  ['intervals, casts and patterns', "SELECT t + INTERVAL 3 HOUR, a::DOUBLE, b LIKE 'x%' FROM flights"],
])('%s is let through', async (_, statement) => {
  await expect(check(statement)).resolves.toBeUndefined();
});

test.each([
  ['a second statement', 'SELECT * FROM flights; SELECT 1', /2 statements/],
  ['a second statement that writes', 'SELECT * FROM flights; DROP TABLE weather', /not a SELECT/],
  ['nothing', '', /0 statements/],
  ['what is not SQL', 'SELEKT 1', /syntax error/],
  ['a write', 'CREATE TABLE x AS SELECT 1', /not a SELECT/],
  ['a setting', "SET memory_limit = '1TB'", /not a SELECT/],
  ['a file by its name', "SELECT * FROM '/etc/passwd'", /\/etc\/passwd is not one of its tables/],
  ['a file by a function', "SELECT * FROM read_csv('/etc/passwd')", /table function is not allowed.*read_csv/],
  ['a file in a scalar', "SELECT content FROM flights, read_text('/etc/passwd')", /table function is not allowed/],
  ['a file below a subquery', "SELECT (SELECT max(x) FROM read_csv('a')) FROM flights", /table function/],
  ['a file in a common table expression', "WITH w AS (FROM read_csv('a')) FROM w", /table function/],
  ['an endless range', 'SELECT * FROM range(1e18::BIGINT)', /table function/],
  ['an endless recursion', 'WITH RECURSIVE x AS (SELECT 1 AS a UNION ALL SELECT a + 1 FROM x) FROM x', /recursive/],
  ['the catalog', 'SELECT * FROM information_schema.tables', /not one of its tables/],
  ['another table', 'SELECT * FROM secrets', /secrets is not one of its tables \(flights, weather\)/],
  ['a random number', 'SELECT random() FROM flights', /the function random is not allowed/],
  ['a setting’s value', "SELECT current_setting('memory_limit') FROM flights", /current_setting is not allowed/],
  ['an environment variable', "SELECT getenv('HOME') FROM flights", /getenv is not allowed/],
  ['a clock', 'SELECT now() FROM flights', /now is not allowed/],
  ['a clock that looks like a column', 'SELECT current_date FROM flights', /current_date is another one each time/],
  ['today', 'SELECT today() FROM flights', /today is not allowed/],
  ['a sample', 'SELECT * FROM flights TABLESAMPLE 10%', /sample/],
  ['a sample at the end', 'SELECT * FROM flights USING SAMPLE 10', /sample/],
  ['any row', 'SELECT first(x) FROM flights GROUP BY k', /first takes any row without ORDER BY.*first\(x\)/],
  ['any rows', 'SELECT * FROM flights LIMIT 5', /LIMIT/],
  ['any rows below', 'SELECT * FROM (SELECT * FROM flights LIMIT 5)', /LIMIT/],
  ['any row of a key', 'SELECT DISTINCT ON (k) * FROM flights', /DISTINCT ON/],
  ['a number without an order', 'SELECT row_number() OVER (PARTITION BY k) FROM flights', /row_number/],
  ['a frame without an order', 'SELECT sum(x) OVER (ROWS 3 PRECEDING) FROM flights', /frame of rows/],
  ['rows by their place', 'SELECT * FROM flights POSITIONAL JOIN weather', /positional join/],
  ['a parameter', 'SELECT $1 FROM flights', /parameter is not allowed/],
  ['a description', 'DESCRIBE flights', /show ref is not allowed/],
  ['a statement that is too long', `SELECT ${'a+'.repeat(20_000)}a FROM flights`, /40\d\d\d characters/],
])('%s is refused', async (_, statement, said) => {
  await expect(check(statement)).rejects.toMatchObject({
    code: 'MLOPS_SQL_REFUSED',
    message: expect.stringMatching(said),
  });
});
