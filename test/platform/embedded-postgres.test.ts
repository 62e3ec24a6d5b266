import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import {
  cleanUp,
  ended,
  endLater,
  firstLine,
  inDirectory,
  inScratch,
  isRoot,
  kill,
  makeCheckout,
  makeScratch,
  nobody,
  nobodyReadsThisCheckout,
  options,
  project,
  query,
  runNode,
  serverPid,
  start,
  startChild,
  stopChild,
  writeLock,
} from './embedded-postgres-support';

/** Needs root: elsewhere the test shows up as skipped. */
const asRoot = isRoot ? it : it.skip;
/** Needs root, and a checkout and a Node that everybody may read. */
const asRootAndNobody = isRoot && nobodyReadsThisCheckout() ? it : it.skip;

beforeEach(makeScratch);
afterEach(cleanUp);

describe('an embedded PostgreSQL', () => {
  it('is made at the first start and keeps its data at the second', async () => {
    const first = await start();
    await query(first.url, 'create table kept as select 42 as answer');
    await first.stop();
    await first.stop();
    expect(fs.existsSync(inDirectory('postgres/postmaster.pid'))).toBe(false);

    const began = Date.now();
    const second = await start();
    expect(await query(second.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
    expect(Date.now() - began).toBeLessThan(2_000);
    await second.stop();
  });

  it('has the settings that everything else relies on', async () => {
    const { url, stop } = await start({ maxConnections: 37 });
    const settings = await query(
      url,
      `select name, setting from pg_settings where name in ('listen_addresses', 'unix_socket_directories', 'TimeZone',
         'server_encoding', 'data_checksums', 'fsync', 'max_connections', 'password_encryption') order by name`,
    );
    expect(Object.fromEntries(settings.map(({ name, setting }) => [name, setting]))).toEqual({
      data_checksums: 'on',
      fsync: 'off',
      listen_addresses: '127.0.0.1',
      max_connections: '37',
      password_encryption: 'scram-sha-256',
      server_encoding: 'UTF8',
      TimeZone: 'UTC',
      unix_socket_directories: '',
    });
    expect(
      await query(
        url,
        'select datname, datlocale, datlocprovider::text as provider from pg_database where datname = current_database()',
      ),
    ).toEqual([{ datname: 'countersign', datlocale: 'C.UTF-8', provider: 'b' }]);
    await stop();
  });

  it('is durable unless told otherwise', async () => {
    const { url, stop } = await start({ durable: undefined });
    expect(await query(url, 'show fsync')).toEqual([{ fsync: 'on' }]);
    expect(await query(url, 'show synchronous_commit')).toEqual([{ synchronous_commit: 'on' }]);
    expect(await query(url, 'show full_page_writes')).toEqual([{ full_page_writes: 'on' }]);
    await stop();
  });

  it('lets nobody in without the password, which its owner alone can read', async () => {
    const { url, stop } = await start();
    expect(fs.statSync(inDirectory('postgres.password')).mode & 0o777).toBe(0o600);
    expect(fs.statSync(inDirectory('postgres.log')).mode & 0o777).toBe(0o600);
    const wrong = new URL(url);
    wrong.password = 'wrong';
    await expect(query(wrong.href, 'select 1')).rejects.toMatchObject({ code: '28P01' });
    wrong.password = '';
    await expect(query(wrong.href, 'select 1')).rejects.toThrow();
    await stop();
  });

  it('tells what the server said when it does not start, and starts once that is put right', async () => {
    await (await start()).stop();
    const settings = inDirectory('postgres/postgresql.auto.conf');
    fs.appendFileSync(settings, 'nonsense_here = 1\n');
    await expect(start()).rejects.toMatchObject({
      code: 'DATABASE_NOT_STARTED',
      message: expect.stringContaining('unrecognized configuration parameter "nonsense_here"') as string,
    });
    fs.writeFileSync(settings, '');
    await (await start()).stop();
  });

  it('does not touch a folder that is no cluster', async () => {
    fs.mkdirSync(inDirectory('postgres'), { recursive: true });
    fs.writeFileSync(inDirectory('postgres/letter.txt'), 'dear');
    await expect(start()).rejects.toMatchObject({ code: 'DATABASE_NOT_STARTED' });
    expect(fs.readFileSync(inDirectory('postgres/letter.txt'), 'utf8')).toBe('dear');
  });
});

describe('a process that was killed', () => {
  it('leaves a server that the next start adopts and stops', async () => {
    const child = await startChild();
    await query(child.url, 'create table kept as select 42 as answer');
    const orphan = serverPid(inDirectory('postgres'));
    child.process.kill('SIGKILL');
    await ended(child.process);

    const { url, stop } = await start();
    expect(url).toBe(child.url);
    expect(serverPid(inDirectory('postgres'))).toBe(orphan);
    expect(await query(url, 'select answer from kept')).toEqual([{ answer: 42 }]);
    await stop();
    await expect(query(url, 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('leaves a server that is replaced when it should run with other settings', async () => {
    const child = await startChild();
    const orphan = serverPid(inDirectory('postgres'));
    child.process.kill('SIGKILL');
    await ended(child.process);

    const { url, stop } = await start({ maxConnections: 21 });
    expect(serverPid(inDirectory('postgres'))).not.toBe(orphan);
    expect(await query(url, 'show max_connections')).toEqual([{ max_connections: '21' }]);
    await stop();
  });

  it('leaves a server whose end is waited for when it is stopping', async () => {
    const child = await startChild();
    const busy = new Client(child.url);
    busy.on('error', () => undefined);
    await busy.connect();
    const orphan = serverPid(inDirectory('postgres'));
    child.process.kill('SIGKILL');
    await ended(child.process);
    kill(orphan, 'SIGTERM'); // smart: it waits for our session
    await delay(100);

    const starting = start();
    await delay(300);
    await busy.end();
    const { url, stop } = await starting;
    expect(serverPid(inDirectory('postgres'))).not.toBe(orphan);
    expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await stop();
  });

  it('in the middle of initdb leaves nothing that hurts', async () => {
    const child = runNode(project, options());
    const isUnfinished = (name: string): boolean => name.startsWith('postgres.unfinished-');
    const unfinished = (): string[] => fs.readdirSync(options().directory).filter(isUnfinished);
    while (!fs.existsSync(options().directory) || unfinished().length === 0) await delay(1);
    await delay(60);
    expect(fs.existsSync(inDirectory('postgres'))).toBe(false);
    child.kill('SIGKILL');
    await ended(child);
    expect(unfinished()).toHaveLength(1);

    const { url, stop } = await start();
    expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await stop();
    expect(unfinished()).toEqual([]);
  });
});

describe('a postmaster.pid that is left over', () => {
  it.each(['a dead process', 'a process of the same account'])('from %s does not stop a start', async (whose) => {
    await (await start()).stop();
    const owner = fs.statSync(inDirectory('postgres'));
    const account = isRoot ? { uid: owner.uid, gid: owner.gid } : {};
    const other = spawn('sleep', ['60'], { ...account, stdio: 'ignore' });
    endLater(other);
    if (whose === 'a dead process') {
      other.kill('SIGKILL');
      await ended(other);
    }
    const lines = [other.pid, inDirectory('postgres'), 1_700_000_000, 1, '', '127.0.0.1', '', 'ready   ', ''];
    fs.writeFileSync(inDirectory('postgres/postmaster.pid'), lines.join('\n'), { mode: 0o600 });
    if (isRoot) fs.chownSync(inDirectory('postgres/postmaster.pid'), owner.uid, owner.gid);

    const { url, stop } = await start();
    expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await stop();
    if (whose !== 'a dead process') expect(other.exitCode).toBeNull();
  });

  it('from a server that was killed is recovered from', async () => {
    const first = await start({ durable: true });
    await query(first.url, 'create table kept as select 42 as answer');
    kill(serverPid(inDirectory('postgres')), 'SIGKILL');
    await first.stop();
    const second = await start({ durable: true });
    expect(await query(second.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
    await second.stop();
  });
});

describe('the lock', () => {
  it('refuses a second holder, in this process and in another', async () => {
    const { stop } = await start();
    const refused = { code: 'DATABASE_IN_USE', details: { pid: process.pid, directory: options().directory } };
    await expect(start()).rejects.toMatchObject(refused);
    const child = runNode(project, options());
    const line = await firstLine(child);
    expect(line).toMatch(/^DATABASE_IN_USE /);
    expect(line).toContain(`process ${process.pid}`);
    expect(line).toContain(options().directory);
    await stop();
    await (await start()).stop();
    expect(fs.readdirSync(options().directory).filter((name) => name.includes('lock'))).toEqual([]);
  });

  it.each([
    ['of a dead process', { pid: 2 ** 22 + 1, startedAt: null }],
    ['of an earlier process with the same pid', { pid: process.pid, startedAt: '1' }],
  ])('%s is taken over', async (_whose, holder) => {
    writeLock(holder);
    await (await start()).stop();
  });

  it('that is not readable is taken over', async () => {
    fs.mkdirSync(options().directory, { mode: 0o711 });
    fs.writeFileSync(inDirectory('postgres.lock'), '');
    await (await start()).stop();
  });

  it('goes to one alone of many that find a dead holder', async () => {
    await (await start()).stop();
    writeLock({ pid: 2 ** 22 + 1, startedAt: null });
    const outcomes = await Promise.all([1, 2, 3, 4, 5].map(() => firstLine(runNode(project, options()))));
    expect(outcomes.filter((line) => line.startsWith('postgres://'))).toHaveLength(1);
    expect(outcomes.filter((line) => line.startsWith('DATABASE_IN_USE '))).toHaveLength(4);
  });
});

describe('an unreachable checkout', () => {
  asRoot('below a 0700 folder has its binaries and its data elsewhere, and keeps them (needs root)', async () => {
    const checkout = makeCheckout(inScratch('closed', 'checkout'));
    fs.chmodSync(inScratch('closed'), 0o700);
    const directory = path.join(checkout, '.data');
    for (const statement of ['create table kept as select 42 as answer', 'select answer from kept']) {
      const child = runNode(checkout, { ...options(), directory });
      const url = await firstLine(child);
      await query(url, statement);
      await stopChild(child);
    }
    const data = fs.readlinkSync(path.join(directory, 'postgres'));
    expect(data).toMatch(inScratch('cache', 'cluster-'));
    expect(fs.statSync(data)).toMatchObject({ mode: 0o40700 });
    expect(fs.statSync(data).uid).not.toBe(0);
    const cache = fs.readdirSync(inScratch('cache')).filter((name) => name.startsWith('binaries-'));
    expect(cache).toHaveLength(1);
    expect(fs.existsSync(inScratch('cache', cache[0] ?? '', 'lib', 'libpq.so.5'))).toBe(true);
  });

  asRoot('shares no data with its copy, and keeps them when it is moved (needs root)', async () => {
    fs.mkdirSync(inScratch('closed'), { mode: 0o700 });
    const [original, copy, moved] = ['a', 'b', 'c'].map((name) => inScratch('closed', name));
    const first = await start({ directory: original });
    await query(first.url, 'create table kept as select 42 as answer');
    await first.stop();
    fs.cpSync(original ?? '', copy ?? '', { recursive: true, verbatimSymlinks: true });
    fs.rmSync(path.join(copy ?? '', 'postgres.log'));

    const second = await start({ directory: copy });
    await expect(query(second.url, 'select answer from kept')).rejects.toThrow('does not exist');
    await second.stop();

    fs.renameSync(original ?? '', moved ?? '');
    const third = await start({ directory: moved });
    expect(await query(third.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
    await third.stop();
  });

  asRoot('trusts no cache folder that others can write to (needs root)', async () => {
    fs.mkdirSync(inScratch('closed'), { mode: 0o700 });
    fs.mkdirSync(inScratch('cache'));
    fs.chmodSync(inScratch('cache'), 0o777);
    const refused = { code: 'DATABASE_NOT_STARTED', message: expect.stringContaining('ours alone') as string };
    await expect(start({ directory: inScratch('closed', 'data') })).rejects.toMatchObject(refused);
  });
});

describe('an ordinary user', () => {
  asRootAndNobody('starts it too, without install scripts in a checkout of root’s (needs root)', async () => {
    const checkout = makeCheckout(inScratch('checkout'));
    const home = inScratch('home');
    fs.mkdirSync(home);
    fs.chownSync(home, nobody, nobody);
    const { cacheDirectory: _, ...rest } = options();
    const child = runNode(checkout, { ...rest, directory: path.join(home, 'data') }, { uid: nobody, home });
    const url = await firstLine(child);
    expect(await query(url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await stopChild(child);
    expect(fs.statSync(path.join(home, 'data', 'postgres')).uid).toBe(nobody);
    expect(fs.readdirSync(path.join(home, '.cache', 'countersign'))).toHaveLength(1);

    const asRootNow = await start({ directory: path.join(home, 'data') });
    expect(await query(asRootNow.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    await asRootNow.stop();
  });
});
