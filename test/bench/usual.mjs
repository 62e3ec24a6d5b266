/** Compiles usual/*.ts, whose decorators Node cannot run, with the compiler and the settings of the tests, and serves it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { CONNECTION, contestant } from './contestant.mjs';

const require = createRequire(import.meta.url);

contestant(async ({ url, pool, directory }) => {
  const { jsc } = require('../../package.json').jest.transform['^.+\\.(t|j|mj)s$'][1];
  const compiled = `${directory}/usual`;
  mkdirSync(compiled, { recursive: true });
  for (const name of ['entities', 'server']) {
    const source = fileURLToPath(new URL(`usual/${name}.ts`, import.meta.url));
    const { code } = require('@swc/core').transformFileSync(source, {
      swcrc: false,
      jsc,
      module: { type: 'commonjs' },
    });
    writeFileSync(`${compiled}/${name}.js`, code);
  }
  return require(`${compiled}/server.js`).start({ url, pool, connection: CONNECTION });
});
