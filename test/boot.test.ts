import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import os from 'node:os';
import path from 'node:path';

const MAIN = path.resolve(__dirname, '../dist/src/main.js');
const PASSWORD = 'a password for the boot test';

interface Running {
  child: ChildProcess;
  url: string;
  output: () => string;
  ended: Promise<number | null>;
}

let directory: string;
const started: ChildProcess[] = [];

beforeAll(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), 'countersign-boot-'));
});

afterAll(async () => {
  for (const child of started) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
  // Whatever a killed process left behind is stopped by its own pid.
  try {
    process.kill(
      Number(readFileSync(path.join(directory, 'postgres/postmaster.pid'), 'utf8').split('\n')[0]),
      'SIGINT',
    );
    await new Promise((resolve) => setTimeout(resolve, 1000));
  } catch {
    // Stopped already.
  }
  rmSync(directory, { recursive: true, force: true });
});

/** `npm start` without npm: nothing of the environment but the settings named here. */
function boot(settings: Record<string, string> = {}): Promise<Running> {
  const env = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    PORT: '0',
    DATA_DIRECTORY: directory,
    DEMO_PASSWORD: PASSWORD,
    ...settings,
  };
  const child = spawn(process.execPath, [MAIN], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  started.push(child);
  let output = '';
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return new Promise((resolve, reject) => {
    const onData = (data: Buffer) => {
      output += data.toString();
      const url = /answers at (\S+)\/graphql/.exec(output)?.[1];
      if (url) resolve({ child, url, output: () => output, ended });
    };
    child.stdout.on('data', onData);
    child.stderr.on('data', onData);
    child.once('exit', (code) => reject(new Error(`ended with ${code}: ${output}`)));
  });
}

const post = async (url: string, query: string, token = '') => {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) });
  return (await response.json()) as { data: any; errors?: { extensions: { code: string } }[] };
};

/** A request whose head and half of whose body have reached the server; `finish` sends the rest and gives the answer. */
async function halfSent(url: string, query: string, token: string): Promise<{ finish: () => Promise<string> }> {
  const body = JSON.stringify({ query });
  const headers = {
    'content-type': 'application/json',
    'content-length': body.length,
    authorization: `Bearer ${token}`,
  };
  const sent = request(`${url}/graphql`, { method: 'POST', headers });
  const answer = new Promise<string>((resolve, reject) => {
    sent.once('error', reject);
    sent.once('response', (response) => {
      let text = '';
      response.on('data', (data: Buffer) => (text += data.toString())).on('end', () => resolve(text));
    });
  });
  await new Promise<void>((resolve) => sent.write(body.slice(0, 10), () => resolve()));
  await new Promise((resolve) => setTimeout(resolve, 500));
  return {
    finish: () => {
      sent.end(body.slice(10));
      return answer;
    },
  };
}

const signIn = async (url: string, role: string) =>
  (
    await post(
      url,
      `mutation { signIn(input: { email: "${role}@demo.countersign.test", password: "${PASSWORD}" }) { token } }`,
    )
  ).data.signIn.token as string;

const count = async (url: string, token: string) =>
  (await post(url, '{ accounts { totalCount } }', token)).data.accounts.totalCount as number;

describe('starting and stopping', () => {
  it('starts on nothing: database, migrations, demonstration, one user for each role; keeps it over kill -9 and Ctrl-C', async () => {
    const first = await boot();
    expect(await (await fetch(`${first.url}/health`)).json()).toEqual({ status: 'alive' });
    expect(await (await fetch(`${first.url}/ready`)).json()).toEqual({ ready: true });
    for (const role of ['admin', 'billing', 'supervisor', 'operations', 'compliance', 'auditor', 'client']) {
      const viewer = await post(first.url, '{ viewer { roles } }', await signIn(first.url, role));
      expect(viewer.data.viewer.roles).toEqual([role]);
    }
    const supervisor = await signIn(first.url, 'supervisor');
    expect(await count(first.url, supervisor)).toBe(12);
    expect(await count(first.url, await signIn(first.url, 'client'))).toBe(1);

    // kill -9 leaves the embedded server running; the next start finds it.
    first.child.kill('SIGKILL');
    await first.ended;
    const second = await boot();
    expect(second.output()).not.toContain('Loading');
    expect(await count(second.url, supervisor)).toBe(12);

    // Ctrl-C: what is in flight is finished, a new request is not taken, and the database is gone afterwards.
    const inFlight = await halfSent(second.url, '{ accounts { totalCount } }', supervisor);
    second.child.kill('SIGINT');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(JSON.parse(await inFlight.finish())).toEqual({ data: { accounts: { totalCount: 12 } } });
    expect(await second.ended).toBe(0);
    await expect(fetch(`${second.url}/health`)).rejects.toThrow();
    expect(() => readFileSync(path.join(directory, 'postgres/postmaster.pid'))).toThrow('ENOENT');

    // A third start has everything still.
    const third = await boot();
    expect(await count(third.url, supervisor)).toBe(12);
    third.child.kill('SIGTERM');
    expect(await third.ended).toBe(0);
  }, 120_000);

  it('an interrupted load of the demonstration goes on where it stopped', async () => {
    const elsewhere = path.join(directory, 'interrupted');
    const settings = { DATA_DIRECTORY: elsewhere };
    const interrupted = boot(settings);
    const child = started.at(-1)!;
    await new Promise<void>((resolve) =>
      child.stdout!.on('data', (data: Buffer) => data.toString().includes('Loading') && resolve()),
    );
    await new Promise((resolve) => setTimeout(resolve, 700));
    child.kill('SIGKILL');
    await expect(interrupted).rejects.toThrow('ended');
    const next = await boot(settings);
    expect(next.output()).toContain('Loading');
    const auditor = await signIn(next.url, 'auditor');
    const answer = await post(
      next.url,
      '{ accounts { totalCount } complaints { totalCount } invoices { totalCount } disputes { totalCount } }',
      auditor,
    );
    expect(answer.data).toEqual({
      accounts: { totalCount: 12 },
      complaints: { totalCount: 151 },
      invoices: { totalCount: 36 },
      disputes: { totalCount: 4 },
    });
    next.child.kill('SIGTERM');
    expect(await next.ended).toBe(0);
  }, 120_000);
});

describe('refusing to start', () => {
  const MASTER_KEY = Buffer.from('0123456789abcdefghijklmnopqrstuv').toString('base64');
  const production = { NODE_ENV: 'production', MASTER_KEY, DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' };

  it.each([
    ['a missing master key', { ...production, MASTER_KEY: '' }, 'MASTER_KEY'],
    [
      'the published master key',
      { ...production, MASTER_KEY: 'Y2hhbmdlLW1lLWNoYW5nZS1tZS1jaGFuZ2UtbWUtMTI=' },
      'published',
    ],
    ['a trivial master key', { ...production, MASTER_KEY: Buffer.alloc(32).toString('base64') }, 'trivial'],
    ['demonstration data in production', { ...production, DEMO_DATA: 'true' }, 'DEMO_DATA'],
    ['a demonstration password in production', { ...production, DEMO_PASSWORD: PASSWORD }, 'DEMO_PASSWORD'],
    ['a port that is none', { PORT: '99999' }, 'PORT'],
  ])('%s', async (_what, settings, named) => {
    const over =
      'DEMO_PASSWORD' in settings || !('NODE_ENV' in settings)
        ? settings
        : { ...settings, DEMO_PASSWORD: undefined as never };
    await expect(boot(over)).rejects.toThrow(new RegExp(`ended with 1: CONFIGURATION_INVALID: .*${named}`));
  });

  it('first users of a production database come from a file, and only into an empty one', () => {
    const file = path.join(directory, 'users.json');
    writeFileSync(
      file,
      JSON.stringify([{ name: 'One', email: 'one@example.com', password: 'long enough a password', role: 'admin' }]),
    );
    return expect(
      boot({ DATA_DIRECTORY: path.join(directory, 'first'), DEMO_DATA: 'false', FIRST_USERS: file }),
    ).rejects.toThrow('an admin, and somebody else');
  }, 60_000);
});
