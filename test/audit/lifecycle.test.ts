import { weakened } from '../../src/audit/lifecycle';
import { startProcess } from '../edge/process';
import { startTestApp, type TestApp } from '../support/app';
import { testConfig } from '../support/config';
import { trail } from '../support/scene';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());

describe('the trail tells of the server itself', () => {
  it('of what was migrated, at the first start after it and not again, with the rows that only migrations make', async () => {
    // Whatever told of a start that was killed before it could: the next one tells.
    for (let start = 0; start < 2; start += 1) await (await startProcess(t)).stop();
    const told = await trail(t, `action = 'database.migrated'`);
    expect(told).toHaveLength(1);
    const [{ changes, rows, actor, outcome }] = told as [Record<string, any>];
    expect({ actor, outcome }).toEqual({ actor: null, outcome: 'DONE' });
    const names = await t.sql('SELECT name FROM migration ORDER BY id');
    expect(changes.map(({ path, after }: { path: string; after: number }) => `${path}${after}`)).toEqual(
      names.map(({ name }) => name as string),
    );
    const made = await t.sql(
      `SELECT id FROM approval_policy UNION ALL SELECT id FROM complaint_rule UNION ALL SELECT id FROM business_calendar UNION ALL SELECT id FROM legal_entity`,
    );
    const ids = (rows as { id: string }[]).map(({ id }) => id);
    expect(ids.toSorted()).toEqual(made.map(({ id }) => id as string).toSorted());
    expect(new Set((rows as { type: string }[]).map(({ type }) => type))).toEqual(
      new Set(['ApprovalPolicy', 'ComplaintRule', 'BusinessCalendar', 'LegalEntity']),
    );
  });

  it('of its start, its stop, and of a configuration that weakens a control', async () => {
    const server = await startProcess(t, {
      AUDIT_SEALING: 'false',
      REVEALS_PER_DAY: '1000',
      LIMITS: 'depth=50,aliases=10',
    });
    await server.stop();
    const events = (await trail(t, `request_id = 'lifecycle' AND action <> 'database.migrated'`)).slice(-3);
    expect(events.map(({ action, outcome, actor }) => ({ action, outcome, actor }))).toEqual([
      { action: 'server.started', outcome: 'DONE', actor: null },
      { action: 'configuration.weakened', outcome: 'DONE', actor: null },
      { action: 'server.stopped', outcome: 'DONE', actor: null },
    ]);
    expect(events[1]!.changes).toEqual([
      { path: 'AUDIT_SEALING', before: true, after: false },
      { path: 'REVEALS_PER_DAY', before: 100, after: 1000 },
      { path: 'SECOND_FACTOR', before: 'required', after: 'optional' },
      { path: 'LIMITS.depth', before: 20, after: 50 },
    ]);
    expect(events[2]!.reason).toBe('SIGTERM');
  });

  it('a configuration as it comes weakens nothing', () => {
    const usual = {
      SECOND_FACTOR: 'required',
      SIGN_IN_TRIES: '10',
      SIGN_IN_TRIES_PER_ADDRESS: '50',
      LOG_LEVEL: 'info',
    };
    expect(weakened(testConfig(usual))).toEqual([]);
    const paths = (more: Record<string, string>) => weakened(testConfig({ ...usual, ...more })).map(({ path }) => path);
    expect(paths({ RATE_PER_USER: '0', RATE_PER_ADDRESS: '0' })).toEqual(['RATE_PER_USER', 'RATE_PER_ADDRESS']);
    expect(paths({ SIGN_IN_TRIES: '11', SIGN_IN_TRIES_PER_ADDRESS: '51', LOG_LEVEL: 'silent' })).toEqual([
      'SIGN_IN_TRIES',
      'SIGN_IN_TRIES_PER_ADDRESS',
      'LOG_LEVEL',
    ]);
    expect(paths({ SECOND_FACTOR: '', STEP_UP_ABOVE: '10000.01 EUR', DORMANT_DAYS: '91' })).toEqual([
      'SECOND_FACTOR',
      'STEP_UP_ABOVE',
      'DORMANT_DAYS',
    ]);
    expect(paths({ ONE_TIME_CODE_DRIFT: '1' })).toEqual(['ONE_TIME_CODE_DRIFT']);
    expect(paths({ STEP_UP_ABOVE: '1 USD', DORMANT_DAYS: '0' })).toEqual(['STEP_UP_ABOVE', 'DORMANT_DAYS']);
    expect(paths({ STEP_UP_ABOVE: '5 EUR', DORMANT_DAYS: '30' })).toEqual([]);
    expect(paths({ SECOND_FACTOR: 'approvers' })).toEqual(['SECOND_FACTOR']);
    const issuer = { OIDC_ISSUER: 'https://issuer.test', OIDC_AUDIENCE: 'x' };
    expect(paths({ ...issuer, OIDC_LINK_BY_EMAIL: 'true' })).toEqual(['OIDC_SCOPE', 'OIDC_LINK_BY_EMAIL']);
    expect(paths({ ...issuer, OIDC_SCOPE: 'cs' })).toEqual([]);
    expect(paths({ REVEALS_PER_DAY: '5', RATE_PER_USER: '10', LIMITS: 'depth=5' })).toEqual([]);
  });
});
