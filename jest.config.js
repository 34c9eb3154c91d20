/** Tests run as ES modules on the TypeScript sources; `npm test` builds first, for the database they run on. */
export default {
  rootDir: '.',
  testMatch: ['<rootDir>/test/**/*.spec.ts', '<rootDir>/src/**/*.spec.ts'],
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        swcrc: false,
        module: { type: 'es6' },
        sourceMaps: 'inline',
        jsc: {
          target: 'es2023',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
          keepClassNames: true,
        },
      },
    ],
  },
  setupFiles: ['<rootDir>/test/support/nest.js'],
  globalSetup: '<rootDir>/test/support/start-server.js',
  globalTeardown: '<rootDir>/test/support/stop-server.js',
  maxWorkers: 3, // on two cores too: much of the time is waiting
  workerIdleMemoryLimit: '1GB',
  testTimeout: 30_000,
};
