/** One stack and one build serve the whole run: scripts/test.sh starts both before jest. */
module.exports = {
  testEnvironment: '<rootDir>/tests/native-environment.js',
  testMatch: ['<rootDir>/tests/**/*.test.ts'],
  transform: {
    '^.+\\.(t|j)s$': [
      '@swc/jest',
      { jsc: { target: 'es2022', parser: { syntax: 'typescript', decorators: true } }, module: { type: 'commonjs' } },
    ],
  },
  // The package by its own name, as examples import it; from the sources, so that there is one copy of each module.
  moduleNameMapper: {
    '^temporal-mlops$': '<rootDir>/src/index.ts',
    '^temporal-mlops/(client|records)$': '<rootDir>/src/$1.ts',
  },
  transformIgnorePatterns: ['/node_modules/', '/dist/'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.stack/'],
  testTimeout: 600000,
  maxWorkers: 2,
};
