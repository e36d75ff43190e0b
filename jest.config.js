/** One stack and one build serve the whole run: scripts/test.sh starts both before jest. */
module.exports = {
  testEnvironment: '<rootDir>/tests/native-environment.js',
  testMatch: ['<rootDir>/tests/**/*.test.ts'],
  transform: { '^.+\\.(t|j)s$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript', decorators: true } }, module: { type: 'commonjs' } }] },
  transformIgnorePatterns: ['/node_modules/', '/dist/'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.stack/'],
  testTimeout: 30000,
  maxWorkers: 2,
};
