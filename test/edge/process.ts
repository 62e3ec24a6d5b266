import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { TestApp } from '../support/app';
import { TEST_MASTER_KEY } from '../support/config';

const MAIN = path.resolve(__dirname, '../../dist/src/main.js');

/** The server as it is started everywhere, in a process of its own, over the database of a test. */
export interface Running {
  url: string;
  log: () => string;
  stop: () => Promise<void>;
}

export function startProcess(t: TestApp, more: Record<string, string> = {}): Promise<Running> {
  // Heads of its own: another database's would say that this one is behind.
  const heads = mkdtempSync(path.join(os.tmpdir(), 'countersign-heads-'));
  const env = {
    PATH: process.env.PATH,
    NODE_ENV: 'test',
    MASTER_KEY: TEST_MASTER_KEY,
    DATABASE_URL: t.ownerUrl,
    DEMO_DATA: 'false',
    PORT: '0',
    AUDIT_CHECKPOINTS: heads,
    ...more,
  };
  const child = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  void ended.then(() => rmSync(heads, { recursive: true, force: true }));
  let log = '';
  return new Promise((resolve, reject) => {
    void ended.then((code) => reject(new Error(`ended with ${code}: ${log}`)));
    const hear = (data: Buffer) => {
      log += data.toString();
      const url = /answers at (\S+)\/graphql/.exec(log)?.[1];
      const stop = async () => {
        child.kill('SIGTERM');
        await ended;
      };
      if (url) resolve({ url, log: () => log, stop });
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
  });
}
