import { startTestApp, type TestApp } from '../support/app';
import { type Client, givenClient } from '../usage/support';
import {
  amended,
  billed,
  callsBehind,
  CALLS,
  FEE,
  givenAgreement,
  givenCalls,
  invoicesOf,
  linesIn,
  TALK,
} from './support';

let t: TestApp;
let client: Client;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());
beforeEach(async () => {
  client = await givenClient(t, ['CARDS', 'LOANS'], 'America/New_York');
});

const at = (day: number, hour = 15) =>
  `2026-02-${String(day).padStart(2, '0')}T${String(hour).padStart(2, '0')}:00:00Z`;

describe('a billing run', () => {
  it('drafts what an agreement makes of the calls of a cycle', async () => {
    await givenAgreement(t, client.id, [CALLS('1.25'), TALK('0.1'), FEE('100')]);
    await givenCalls(t, client.id, [
      { sourceId: 'one', startedAt: at(2), talkSeconds: 90 },
      { sourceId: 'two', startedAt: at(3), talkSeconds: 30, lob: 'LOANS' },
      { sourceId: 'gone', startedAt: at(3), talkSeconds: 0, outcome: 'ABANDONED' },
      // Midnight of New York is five hours behind that of UTC.
      { sourceId: 'before', startedAt: '2026-02-01T04:59:59Z' },
      { sourceId: 'last', startedAt: '2026-03-01T04:59:59Z' },
      { sourceId: 'after', startedAt: '2026-03-01T05:00:00Z' },
    ]);
    const run = await billed(t, client.id, '2026-02-01', '2026-03-01');
    expect(run).toMatchObject({
      state: 'DONE',
      accountsTotal: 1,
      accountsSettled: 1,
      accounts: { nodes: [{ state: 'DRAFTED', unratedCalls: 0, code: null }] },
    });
    const [invoice, ...others] = await invoicesOf(t, client.id);
    expect(others).toEqual([]);
    expect(invoice).toMatchObject({
      status: 'DRAFT',
      periodFrom: '2026-02-01',
      periodUntil: '2026-03-01',
      billingRun: { id: run.id },
    });
    expect(linesIn(invoice!)).toEqual([
      ['Handled calls, 2026-02-01 to 2026-02-28', '3', '3.75'],
      ['Minutes of talk, 2026-02-01 to 2026-02-28', '3', '0.30'],
      ['Platform, 2026-02-01 to 2026-02-28', '1', '100.00'],
    ]);
    expect(await callsBehind(t, invoice!.id)).toEqual(['last', 'one', 'two']);
    expect(await callsBehind(t, invoice!.id, 3)).toEqual([]);
  });

  it('bills a period once, however often it is run', async () => {
    await givenAgreement(t, client.id, [CALLS('1')]);
    await givenCalls(t, client.id, [{ sourceId: 'one', startedAt: at(2) }]);
    await billed(t, client.id, '2026-02-01', '2026-03-01');
    const before = await invoicesOf(t, client.id);
    const again = await billed(t, client.id, '2026-02-01', '2026-03-01');
    expect(again.accounts.nodes).toMatchObject([{ state: 'NOTHING' }]);
    expect(await invoicesOf(t, client.id)).toEqual(before);
  });

  it('corrects what came late and what was corrected, on the next invoice', async () => {
    await givenAgreement(t, client.id, [CALLS('1')]);
    await givenCalls(t, client.id, [
      { sourceId: 'one', startedAt: at(2) },
      { sourceId: 'two', startedAt: at(3) },
    ]);
    await billed(t, client.id, '2026-02-01', '2026-03-01');
    await givenCalls(t, client.id, [
      { sourceId: 'late', startedAt: at(4) },
      { sourceId: 'late too', startedAt: at(5) },
      { sourceId: 'none', startedAt: at(3), corrects: 'two', kind: 'REVERSAL' },
      { sourceId: 'march', startedAt: '2026-03-10T15:00:00Z' },
    ]);
    await billed(t, client.id, '2026-03-01', '2026-04-01');
    const [february, march] = await invoicesOf(t, client.id);
    expect(linesIn(february!)).toEqual([['Handled calls, 2026-02-01 to 2026-02-28', '2', '2.00']]);
    expect(linesIn(march!)).toEqual([
      ['Handled calls, 2026-03-01 to 2026-03-31', '1', '1.00'],
      ['Correction of a draft: Handled calls, 2026-02-01 to 2026-02-28', '1', '1.00'],
    ]);
    expect(march!.lines[1].corrects).toEqual({ id: february!.id });
    expect(await callsBehind(t, march!.id, 2)).toEqual(['late', 'late too']);
  });

  it('takes back what a back-dated amendment made of calls, and bills it by what it says', async () => {
    const agreementId = await givenAgreement(t, client.id, [CALLS('1')]);
    await givenCalls(t, client.id, [
      { sourceId: 'one', startedAt: at(2) },
      { sourceId: 'two', startedAt: at(20) },
      { sourceId: 'march', startedAt: '2026-03-10T15:00:00Z' },
    ]);
    await billed(t, client.id, '2026-02-01', '2026-03-01');
    await amended(t, agreementId, '2026-02-15', [CALLS('3')]);
    await billed(t, client.id, '2026-03-01', '2026-04-01');
    const [, march] = await invoicesOf(t, client.id);
    expect(linesIn(march!)).toEqual([
      ['Handled calls, 2026-03-01 to 2026-03-31', '1', '3.00'],
      ['Correction of a draft: Handled calls, 2026-02-01 to 2026-02-14', '-1', '-1.00'],
      ['Correction of a draft: Handled calls, 2026-02-15 to 2026-02-28', '1', '3.00'],
    ]);
    expect(await callsBehind(t, march!.id, 2)).toEqual(['two']);
    expect(await callsBehind(t, march!.id, 3)).toEqual(['two']);
  });
});
