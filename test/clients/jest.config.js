// As docs/testing.md says, but for the package itself, which is what was built last.
export default {
  preset: 'ts-jest/presets/default-esm',
  testMatch: ['<rootDir>/jest/*.spec.*'],
  transform: { '\\.ts$': ['ts-jest', { useESM: true, tsconfig: '<rootDir>/tsconfig.json' }] },
  moduleNameMapper: {
    '^secret-sync-engine$': '<rootDir>/../../dist/index.js',
    '^secret-sync-engine/drivers/(.+)$': '<rootDir>/../../dist/drivers/$1.js',
    '^secret-sync-engine/(.+)$': '<rootDir>/../../dist/$1/index.js',
  },
};
