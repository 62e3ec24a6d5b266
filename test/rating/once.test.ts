import { Client } from 'pg';
import { startAppOver, startTestApp, type TestApp } from '../support/app';
import { until } from '../support/poll';
import { random } from '../support/random';
import { type Client as Account, givenClient } from '../usage/support';
import { billed, CALLS, FEE, givenAgreement, givenCalls, goOn, invoicesOf, readRun, RUN, TALK } from './support';

const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31);

let t: TestApp;
let other: TestApp;
let client: Account;
beforeAll(async () => {
  t = await startTestApp();
  other = await startAppOver(t.ownerUrl);
});
afterAll(async () => {
  await other.close();
  await t.close();
});

const PERIOD = { from: '2026-02-01', until: '2026-03-01' };

beforeEach(async () => {
  client = await givenClient(t, ['CARDS'], 'Asia/Kolkata');
  await givenAgreement(t, client.id, [
    CALLS('1.25', { model: 'GRADUATED', perUnit: null, tiers: [{ upTo: '5', perUnit: '2' }, { perUnit: '1.5' }] }),
    TALK('0.33', { windows: [{ weekdays: [1, 2, 3, 4, 5], from: '09:00', until: '17:00' }] }),
    TALK('0.55', { name: 'Talk at other hours' }),
    FEE('99.99'),
  ]);
  await givenCalls(
    t,
    client.id,
    Array.from({ length: 40 }, (_x, n) => ({
      sourceId: `c${n}`,
      startedAt: `2026-02-${String((n % 27) + 1).padStart(2, '0')}T${String((n * 7) % 24).padStart(2, '0')}:30:00Z`,
      talkSeconds: 30 + n,
    })),
  );
});

/** Everything that a run made of an account, to the byte, but for when and by which run. */
const madeOf = (accountId: string) =>
  t.sql(
    `SELECT 'invoice' AS of, (to_jsonb(i) - 'created_at' - 'billing_run_id')::text AS row FROM invoice i WHERE i.account_id = $1
     UNION ALL SELECT 'line', (to_jsonb(l) - 'created_at')::text FROM invoice_line l JOIN invoice i ON i.id = l.invoice_id WHERE i.account_id = $1
     UNION ALL SELECT 'cycle', (to_jsonb(c) - 'created_at')::text FROM invoice_cycle c WHERE c.account_id = $1
     UNION ALL SELECT 'cut', to_jsonb(c)::text FROM usage_cut c WHERE c.account_id = $1 ORDER BY 1, 2`,
    [accountId],
  );

const forget = (accountId: string) =>
  t.rewind(
    `WITH gone AS (DELETE FROM usage_cut WHERE account_id = '${accountId}'), lines AS (DELETE FROM invoice_line WHERE invoice_id IN (SELECT id FROM invoice WHERE account_id = '${accountId}')),
     taxes AS (DELETE FROM invoice_tax WHERE invoice_id IN (SELECT id FROM invoice WHERE account_id = '${accountId}')),
     cycles AS (DELETE FROM invoice_cycle WHERE account_id = '${accountId}') DELETE FROM invoice WHERE account_id = '${accountId}'`,
  );

const tally = (all: readonly string[]) =>
  Object.fromEntries([...new Set(all)].map((each) => [each, all.filter((state) => state === each).length]));

const start = async (): Promise<string> => {
  const { payload, errors } = await t.as('billing').mutate('runBilling', { accountId: client.id, ...PERIOD }, RUN);
  expect(errors).toEqual([]);
  return payload.billingRun.id as string;
};

/** Breaks the connection that sends the n-th statement from now on, as the end of a process would. */
function breakingAt(n: number): { stop: () => boolean } {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- it is called with its own `this`
  const query = Client.prototype.query;
  let left = n;
  let broke = false;
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- it has as many forms as pg's own
  Client.prototype.query = function (this: any, ...given: any[]) {
    left -= 1;
    if (left === 0) {
      broke = true;
      this.connection.stream.destroy();
    }
    // eslint-disable-next-line @typescript-eslint/no-explicit-any
    return (query as any).apply(this, given);
  } as typeof query;
  return {
    stop: () => {
      Client.prototype.query = query;
      return broke;
    },
  };
}

describe('a run', () => {
  it('comes to one invoice, whichever of several processes gets to it first', async () => {
    const runs = await Promise.all([start(), start(), start()]);
    await Promise.all([goOn(t), goOn(other), goOn(t), goOn(other)]);
    const states = await Promise.all(runs.map((id) => readRun(t, id)));
    expect(tally(states.map((run) => run.accounts.nodes[0].state as string))).toEqual({ DRAFTED: 1, NOTHING: 2 });
    expect(await invoicesOf(t, client.id)).toHaveLength(1);
    const events = await t.sql(
      `SELECT e.action, count(*)::int AS count FROM audit.event e JOIN billing_run_account p ON p.id = e.subject_id WHERE p.account_id = $1 GROUP BY 1`,
      [client.id],
    );
    expect(events).toEqual([{ action: 'billing.drafted', count: 3 }]);
  });

  it(`that is killed anywhere is gone on with, and comes to the same bytes (seed ${seed})`, async () => {
    const below = random(seed);
    await billed(t, client.id, PERIOD.from, PERIOD.until);
    const wanted = await madeOf(client.id);
    expect(wanted.length).toBeGreaterThan(8);
    let killed = 0;
    for (let point = 0; point < 20; point += 1) {
      await forget(client.id);
      const run = await start();
      const breaking = breakingAt(1 + below(34));
      await goOn(t).catch(() => undefined);
      const broke = breaking.stop();
      const made = await madeOf(client.id);
      if (broke) killed += 1;
      // All of it, or nothing.
      if (made.length > 0) expect(made).toEqual(wanted);
      // The database may hold what the dead process had locked a little longer: a later look finds it free.
      await until(async () => {
        await goOn(other);
        return (await readRun(t, run)).state === 'DONE';
      });
      expect(await readRun(t, run)).toMatchObject({ state: 'DONE', accounts: { nodes: [{ state: 'DRAFTED' }] } });
      expect(await madeOf(client.id)).toEqual(wanted);
    }
    expect(killed).toBeGreaterThan(10);
  });
});
