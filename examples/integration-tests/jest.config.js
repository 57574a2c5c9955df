export default {
  testMatch: ['<rootDir>/tests/jest/**/*.test.js'],
  transform: {},
  // A busy machine needs a while to start a server in another process.
  testTimeout: 60_000,
};
