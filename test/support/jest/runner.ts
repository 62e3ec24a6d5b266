import { createRequire } from 'node:module';
import path from 'node:path';
// @ts-expect-error it comes without types
import circus from 'jest-circus/runner';

type Run = (
  globalConfig: object,
  config: { rootDir: string },
  environment: object,
  runtime: { requireModuleOrMock(from: string, name: string): unknown },
  ...others: unknown[]
) => Promise<unknown>;

/** What is built of the product; the page of the console is modules of a browser, which nothing builds. */
const BUILT = /^(src(?!\/console\/page\/)|migrations)\//;

/**
 * Runs a test file with modules that Node loaded, once for all files of a worker: packages, and the product as it was built. So
 * what is tested is what runs, and only what lies in `test` is loaded anew for each file. `jest.mock` of them does nothing.
 */
const run: Run = (globalConfig, config, environment, runtime, ...others) => {
  const ofJest = runtime.requireModuleOrMock.bind(runtime);
  runtime.requireModuleOrMock = (from, name) => {
    if (!name.startsWith('.')) return name === '@jest/globals' ? ofJest(from, name) : createRequire(from)(name);
    const file = path.relative(config.rootDir, path.resolve(path.dirname(from), name));
    return BUILT.test(file) ? createRequire(from)(path.join(config.rootDir, 'dist', file)) : ofJest(from, name);
  };
  return (circus as Run)(globalConfig, config, environment, runtime, ...others);
};
export default run;
