import path from 'node:path';
import { type Config, loadConfig } from '../../src/config';

/** A key for tests alone, so that roles and seals are the same in every worker. */
export const TEST_MASTER_KEY = Buffer.from('a key of thirty-two bytes: tests').toString('base64');

/** The configuration of tests: nothing from the environment of whoever runs them. */
export const testConfig = (more: Record<string, string> = {}): Config =>
  loadConfig({
    NODE_ENV: 'test',
    MASTER_KEY: TEST_MASTER_KEY,
    LOG_LEVEL: 'silent',
    DEMO_DATA: 'false',
    // One address, that of all tests; test/edge has the limits.
    REFUSALS_PER_SECOND: '0',
    SIGN_IN_TRIES: '1000000',
    SIGN_IN_TRIES_PER_ADDRESS: '1000000',
    DATA_DIRECTORY: path.resolve(__dirname, '../../.data/test'),
    ...more,
  });
