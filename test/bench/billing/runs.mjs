/** What a billing run is compared with, all over the calls that an import made. */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { apiUrlOf, signIn, withClient } from '../database.mjs';
import { measuredPostgres } from '../usage/imports.mjs';
import { LOBS } from '../usage/calls.mjs';

const require = createRequire(import.meta.url);
const Decimal = require('decimal.js');

/** The cycle that all calls lie in. */
export const PERIOD = { from: '2025-01-01', until: '2025-04-01' };

const talk = (lob, tiers, more = {}) => ({
  name: `Talk, ${lob}`,
  lob,
  measure: 'TALK_TIME',
  initial: 60,
  increment: 60,
  charge: { price: { model: 'GRADUATED', tiers }, increment: { divideBy: '60', rounding: 'NONE' } },
  ...more,
});
const TIERS = [
  { upTo: '10000', perUnit: '0.35', flat: null },
  { upTo: '100000', perUnit: '0.31', flat: null },
  { upTo: null, perUnit: '0.2875', flat: null },
];
const BY_DAY = [{ weekdays: [1, 2, 3, 4, 5], from: '08:00', until: '20:00', holidays: 'SAME' }];

/** Talk of each line of business by minutes begun and in tiers, one of them dearer outside of its hours; handled calls and settled matters of all. */
export const RATES = [
  ...LOBS.map((lob) => talk(lob, TIERS)),
  talk(
    LOBS[0],
    TIERS.map((tier) => ({ ...tier, perUnit: '0.25' })),
    { name: 'Talk by day', windows: BY_DAY },
  ),
  { name: 'Handled calls', measure: 'HANDLED_CALLS', charge: { price: { model: 'PER_UNIT', perUnit: '0.4' } } },
  { name: 'Settled', measure: 'RESOLVED_CONTACTS', charge: { price: { model: 'PER_UNIT', perUnit: '0.1' } } },
];

/** Somebody of billing, and an agreement: as the owner, who needs nobody's approval. */
export async function prepareBilling(client) {
  await client.query('SET session_replication_role = replica');
  await client.query(
    `INSERT INTO app_user (id, name, email, password_hash) VALUES (gen_random_uuid(), 'Billing', 'billing@bench.test', 'none')`,
  );
  await client.query(
    `INSERT INTO role_grant (id, user_id, role) SELECT gen_random_uuid(), id, 'billing' FROM app_user WHERE email = 'billing@bench.test'`,
  );
  await client.query(
    `INSERT INTO agreement (id, account_id, code, name, currency) SELECT gen_random_uuid(), id, 'MSA', 'Bench', 'USD' FROM account`,
  );
  await client.query(
    `INSERT INTO agreement_version (id, agreement_id, account_id, version_number, effective_from, cycle, anchor_on, payment_days, dispute_days, review_days,
      tax_rate, tax_inclusive, rounding) SELECT gen_random_uuid(), id, account_id, 1, $1, 'QUARTERLY', $1, 30, 30, 0, 0, false, 'HALF_EVEN' FROM agreement`,
    [PERIOD.from],
  );
  for (const [index, { name, lob, measure, charge, initial, increment, windows }] of RATES.entries())
    await client.query(
      `INSERT INTO agreement_rate (id, agreement_version_id, line_number, name, lob_id, measure, charge, initial_seconds, increment_seconds, windows)
        SELECT gen_random_uuid(), v.id, $1, $2, (SELECT id FROM lob WHERE code = $3), $4, $5, $6, $7, $8 FROM agreement_version v`,
      [
        index + 1,
        name,
        lob ?? null,
        measure,
        charge,
        initial ?? null,
        increment ?? null,
        windows ? JSON.stringify(windows) : null,
      ],
    );
  await client.query('SET session_replication_role = DEFAULT');
  await client.query('VACUUM ANALYZE');
  await client.query('CHECKPOINT');
}

const MADE = [
  'usage_cut',
  'invoice_line',
  'invoice_cycle',
  'invoice_tax',
  'invoice',
  'billing_run_account',
  'billing_run',
];

/** Bills all calls, and leaves nothing of it but its events. */
export async function runBilling(cluster, url) {
  const token = await withClient(url, (client) => signIn(client, 'billing@bench.test'));
  const settings = { apiUrl: await apiUrlOf(cluster, url), token, masterKey: cluster.masterKey, ...PERIOD };
  const ran = await measuredPostgres(cluster, () => inProcess(settings));
  return withClient(url, async (client) => {
    const { rows } = await client.query('SELECT total_minor::text AS total FROM invoice');
    if (rows.length !== 1) throw new Error(`There are ${rows.length} invoices, not one.`);
    await client.query('SET session_replication_role = replica');
    for (const table of MADE) await client.query(`DELETE FROM ${table}`);
    return { ...ran, total: rows[0].total };
  });
}

function inProcess(settings) {
  const script = path.resolve('test/bench/billing/biller.mjs');
  const child = spawn(process.execPath, [script, JSON.stringify(settings)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.on('data', (data) => (out += data));
  return new Promise((resolve, reject) => {
    child.once('close', (code) => (code === 0 ? resolve(JSON.parse(out)) : reject(new Error('The run failed.'))));
  });
}

/** The floor: nothing but a count and a sum of the same rows. */
export const groupBy = (cluster, url) =>
  withClient(url, (client) =>
    measuredPostgres(cluster, async () => {
      const began = performance.now();
      await client.query('SELECT lob_id, count(*), sum(talk_seconds) FROM call_record GROUP BY lob_id');
      return { seconds: (performance.now() - began) / 1000 };
    }),
  );

/** The usual way: every call comes to Node, is rounded and priced there with a decimal library, and added up. */
export const inNode = (url) =>
  withClient(url, async (client) => {
    const began = performance.now();
    await client.query('BEGIN');
    await client.query(
      `DECLARE calls NO SCROLL CURSOR FOR SELECT l.code, r.started_at, r.talk_seconds, r.outcome, r.resolved FROM call_record r JOIN lob l ON l.id = r.lob_id`,
    );
    const minutes = new Map();
    let [handled, settled] = [new Decimal(0), new Decimal(0)];
    for (;;) {
      const { rows } = await client.query('FETCH 10000 FROM calls');
      if (rows.length === 0) break;
      for (const { code, started_at: at, talk_seconds: seconds, outcome, resolved } of rows) {
        if (outcome !== 'HANDLED') continue;
        const [day, hour] = [at.getUTCDay(), at.getUTCHours()];
        const key = code === LOBS[0] && day >= 1 && day <= 5 && hour >= 8 && hour < 20 ? 'by day' : code;
        const billed = new Decimal(seconds).div(60).ceil();
        minutes.set(key, (minutes.get(key) ?? new Decimal(0)).add(billed));
        handled = handled.add('0.4');
        if (resolved) settled = settled.add('0.1');
      }
    }
    await client.query('COMMIT');
    const lines = [handled, settled, ...[...minutes].map(([key, count]) => tiered(count, key === 'by day'))];
    const cents = lines.map((line) => line.mul(100).toDecimalPlaces(0, Decimal.ROUND_HALF_EVEN));
    return { seconds: (performance.now() - began) / 1000, total: Decimal.sum(...cents).toFixed() };
  });

function tiered(count, byDay) {
  let [from, total] = [new Decimal(0), new Decimal(0)];
  for (const { upTo, perUnit } of TIERS) {
    const end = upTo === null ? count : Decimal.min(count, upTo);
    total = total.add(Decimal.max(end.sub(from), 0).mul(byDay ? '0.25' : perUnit));
    from = end;
  }
  return total;
}
