import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { startTestApp, type TestApp } from '../support/app';
import { BANK_LAYOUT, fileOf, forgetFiles, givenClient, imported, sharedFile } from '../usage/support';
import { billed, CALLS, givenAgreement, invoicesOf, linesIn, TALK } from './support';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(async () => {
  forgetFiles();
  await t.close();
});

// "Anonymous Bank" data: I. Guedj and A. Mandelbaum, Technion.
const bank = sharedFile('technion_bank_calls_1999_08.dev');

interface Totals {
  handled: number;
  minutesBegun: number;
}

const money = (cents: number): string => `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`;

describe('half a month of a bank (skipped when ../shared/data or xz is absent)', () => {
  (bank ? it : it.skip)('imported twice is billed once, at the totals of an independent script', async () => {
    const script = path.resolve(__dirname, '../usage/bank-totals.mjs');
    const totals = JSON.parse(execFileSync(process.execPath, [script], { input: bank! }).toString()) as Record<
      string,
      Totals
    >;
    const lobs = Object.keys(totals).toSorted();
    const client = await givenClient(t, lobs, 'Asia/Jerusalem');
    const file = fileOf(bank!);
    await imported(t, client, file, { layout: BANK_LAYOUT });
    await imported(t, client, file, { layout: BANK_LAYOUT, size: 7_000 });
    await givenAgreement(
      t,
      client.id,
      lobs.flatMap((code) => [
        CALLS('0.75', { name: `Calls ${code}`, lobId: client.lobs[code] }),
        TALK('0.2', { name: `Minutes ${code}`, lobId: client.lobs[code], initialSeconds: 60, incrementSeconds: 60 }),
      ]),
      { effectiveFrom: '2010-08-01' },
    );
    const run = await billed(t, client.id, '2010-08-01', '2010-09-01');
    expect(run.accounts.nodes).toMatchObject([{ state: 'DRAFTED', unratedCalls: 0 }]);
    const invoices = await invoicesOf(t, client.id);
    expect(invoices).toHaveLength(1);
    const days = '2010-08-01 to 2010-08-31';
    // Control totals: 15,888 calls at 0.75 and 57,797 minutes begun at 0.20 come to 11,916.00 and 11,559.40.
    expect(linesIn(invoices[0]!)).toEqual(
      lobs.flatMap((code) => {
        const { handled, minutesBegun } = totals[code]!;
        return [
          [`Calls ${code}, ${days}`, String(handled), money(handled * 75)],
          [`Minutes ${code}, ${days}`, String(minutesBegun), money(minutesBegun * 20)],
        ];
      }),
    );
    expect(invoices[0]!.total).toEqual({ amount: '23475.40', currency: 'USD' });
    const { data } = await t
      .as('auditor')
      .gql(
        `query ($id: ID!) { invoice(id: $id) { lines { description usage(first: 5) { totalCount nodes { sourceId outcome lob { code } } } } } }`,
        { id: invoices[0]!.id },
      );
    for (const { description, usage } of data!.invoice.lines) {
      const code = description.slice(-days.length - 4, -days.length - 2);
      expect(usage.totalCount).toBe(totals[code]!.handled);
      for (const node of usage.nodes) expect(node).toMatchObject({ outcome: 'HANDLED', lob: { code } });
    }
  });
});
