import { Jobs } from '../../src/jobs/jobs';
import { ADD_JOB, type Job } from '../../src/platform/job';
import { startProcess } from '../edge/process';
import { startAppOver, startTestApp, type TestApp } from '../support/app';
import { until } from '../support/poll';
import { trail } from '../support/scene';

let t: TestApp;
let other: TestApp;
beforeAll(async () => {
  t = await startTestApp();
  other = await startAppOver(t.ownerUrl);
});
afterAll(async () => {
  await other.close();
  await t.close();
});

const running: Jobs[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((each) => each.stop()));
});

function started(at: TestApp, ...jobs: Job[]): Jobs {
  const process = new Jobs(at.served.app, at.apiUrl, jobs);
  running.push(process);
  process.start();
  return process;
}

const add = (name: string, payload: object = {}) => t.apiSql(ADD_JOB, [name, JSON.stringify(payload), null]);

const left = (name: string): Promise<{ locked_at: Date | null }[]> =>
  t.sql('SELECT locked_at FROM graphile_worker.jobs WHERE task_identifier = $1', [name]);

const connections = async (): Promise<number> =>
  (
    await t.sql<{ count: number }>(
      `SELECT count(*)::int AS count FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'countersign jobs'`,
    )
  )[0]!.count;

describe('jobs', () => {
  it('run once each, whichever of the processes takes them', async () => {
    const seen: number[] = [];
    const count: Job = { name: 'test.count', run: async (_app, { n }: any) => void seen.push(n as number) };
    for (const at of [t, other]) started(at, count);
    for (let n = 0; n < 40; n += 1) await add('test.count', { n });
    await until(() => seen.length >= 40);
    expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, n) => n));
  });

  it('of every minute run at the start, and leave the clock to the database', async () => {
    let runs = 0;
    started(t, { name: 'test.tick', everyMinute: true, run: async () => void (runs += 1) });
    await until(() => runs > 0);
    const known = `SELECT FROM graphile_worker._private_known_crontabs WHERE identifier = 'test.tick'`;
    await until(async () => (await t.sql(known)).length === 1);
  });

  it('that fail are told, and leave nothing behind: the next look finds what is left', async () => {
    const before = await t.served.app.metrics.registry.getSingleMetricAsString('countersign_jobs_total');
    expect(before).not.toContain('test.fail');
    let runs = 0;
    const fails: Job = {
      name: 'test.fail',
      run: async () => {
        runs += 1;
        throw new Error('no');
      },
    };
    started(t, fails);
    await add('test.fail');
    await until(() => runs === 1);
    await until(async () => (await left('test.fail')).length === 0);
    const after = await t.served.app.metrics.registry.getSingleMetricAsString('countersign_jobs_total');
    expect(after).toContain('countersign_jobs_total{job="test.fail",outcome="failed"} 1');
  });

  it('go on after every connection was lost', async () => {
    let runs = 0;
    started(t, { name: 'test.lost', run: async () => void (runs += 1) });
    await add('test.lost');
    await until(() => runs === 1);
    await t.sql(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'countersign jobs'`,
    );
    await add('test.lost');
    await until(() => runs === 2);
  });

  it('stop in order: what is under way is finished and marked, and every connection is let go', async () => {
    let finish: () => void = () => undefined;
    let done = false;
    const slow: Job = {
      name: 'test.slow',
      run: async () => {
        await new Promise<void>((resolve) => (finish = resolve));
        done = true;
      },
    };
    const jobs = started(t, slow);
    await add('test.slow');
    await until(async () => (await left('test.slow')).some(({ locked_at }) => locked_at !== null));
    const stopping = jobs.stop();
    finish();
    await stopping;
    expect(done).toBe(true);
    await until(async () => (await connections()) === 0);
    expect(await left('test.slow')).toEqual([]);
  });
});

describe('the queue', () => {
  const rights = async (role: string) =>
    Object.fromEntries(
      (
        await t.sql<{ table: string; rights: string[] }>(
          `SELECT c.relname AS table, array(SELECT each FROM unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) each
             WHERE has_table_privilege($1, c.oid, each)) AS rights
           FROM pg_class c WHERE c.relnamespace = 'graphile_worker'::regnamespace AND c.relkind IN ('r', 'v')`,
          [role],
        )
      ).map((row) => [row.table, row.rights.join(' ')]),
    );

  it('is the owner’s; the API may do just what running jobs takes', async () => {
    expect(await rights('countersign_api')).toEqual({
      migrations: 'SELECT',
      _private_tasks: 'SELECT INSERT',
      _private_job_queues: 'SELECT INSERT UPDATE',
      _private_jobs: 'SELECT INSERT UPDATE DELETE',
      _private_known_crontabs: 'SELECT INSERT UPDATE',
      jobs: '',
    });
    await expect(t.apiSql('CREATE TABLE graphile_worker.mine (id int)')).rejects.toMatchObject({ code: '42501' });
    await expect(
      t.apiSql('ALTER TABLE graphile_worker._private_jobs DISABLE ROW LEVEL SECURITY'),
    ).rejects.toMatchObject({ code: '42501' });
  });

  it.each(['countersign_sealer', 'countersign_auditor', 'countersign_audit'])('is closed to %s', async (role) => {
    expect(new Set(Object.values(await rights(role)))).toEqual(new Set(['']));
    const [row] = await t.sql(`SELECT has_schema_privilege($1, 'graphile_worker', 'USAGE') AS usage`, [role]);
    expect(row).toEqual({ usage: false });
  });
});

describe('a process', () => {
  it('runs jobs unless JOBS says no, and ends in order', async () => {
    const without = await startProcess(t, { JOBS: 'false' });
    expect((await trail(t, `action = 'configuration.weakened'`)).at(-1)!.changes).toContainEqual({
      path: 'JOBS',
      before: true,
      after: false,
    });
    await without.stop();
    expect(await connections()).toBe(0);
    const server = await startProcess(t);
    await until(async () => (await connections()) > 0);
    await server.stop();
    await until(async () => (await connections()) === 0);
  });
});
