import request from 'supertest';
import { startTestApp, type TestApp } from '../support/app';
import { countersigned, eventsOf } from '../support/outcomes';
import { givenClientOf } from '../support/scene';
import { type Client, givenClient } from '../usage/support';
import { billed, CALLS, FEE, givenAgreement, givenCalls, invoicesOf, TALK } from '../rating/support';
import { brokenRules } from './en16931';
import { schemaFaults } from './ubl-schema';
import { treeOf } from './xml-tree';

let t: TestApp;
let client: Client;
beforeAll(async () => {
  t = await startTestApp();
  client = await givenClient(t, ['CARDS', 'LOANS'], 'Europe/Berlin');
});
afterAll(() => t.close());

const fetched = async (path: string, who: 'auditor' | 'client' = 'auditor') => {
  const { status, body } = await request(t.served.server)
    .get(`/documents/${path}`)
    .set('authorization', `Bearer ${t.as(who).token}`)
    .buffer(true)
    .parse((response, done) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => done(null, Buffer.concat(parts)));
    });
  return { status, body: body as Buffer };
};

const faultsOf = (xml: string) => [...schemaFaults(treeOf(xml)), ...brokenRules(treeOf(xml))];

/** An invoice of a run, issued by a legal entity that has an address and taxes, and what came late on the next. */
async function givenInvoices(): Promise<Record<string, any>[]> {
  const address = { street: 'Hauptstraße 1', city: 'Köln', postalCode: '50667', country: 'DE' };
  const opened = await countersigned(t, 'billing', 'openLegalEntity', {
    code: 'CS-DE',
    legalName: 'Countersign GmbH',
    taxId: 'DE811907980',
    iban: 'DE89370400440532013000',
    address,
    reason: 'founded',
  });
  const legalEntityId = opened.result.legalEntity as string;
  await t.as('operations').mutate('changeAccount', { accountId: client.id, legalEntityId, address });
  const components = [{ name: 'USt', category: 'S', percent: '19' }];
  await countersigned(t, 'billing', 'setTaxRule', {
    legalEntityId,
    country: 'DE',
    validFrom: '2026-01-01',
    components,
    reason: 'the law',
  });
  await givenAgreement(t, client.id, [CALLS('1.25'), TALK('0.1'), FEE('100')]);
  const call = (sourceId: string, startedAt: string, more: object = {}) => ({ sourceId, startedAt, ...more });
  await givenCalls(t, client.id, [
    call('one', '2026-02-02T10:00:00Z', { service: '=HYPERLINK("x")' }),
    call('two', '2026-02-03T10:00:00Z', { lob: 'LOANS', talkSeconds: 100 }),
    call('gone', '2026-02-04T10:00:00Z', { talkSeconds: 0, outcome: 'ABANDONED' }),
    call('march', '2026-03-04T10:00:00Z'),
  ]);
  await billed(t, client.id, '2026-02-01', '2026-03-01');
  const issue = async (index: number) => {
    const invoice = (await invoicesOf(t, client.id))[index]!;
    await countersigned(t, 'billing', 'issueInvoice', { invoiceId: invoice.id });
  };
  await issue(0);
  await givenCalls(t, client.id, [call('late', '2026-02-05T10:00:00Z')]);
  await billed(t, client.id, '2026-03-01', '2026-04-01');
  await issue(1);
  return invoicesOf(t, client.id);
}

it('has an XML that keeps EN 16931, a PDF, the calls behind it and how they went; and each is told in the trail', async () => {
  const [february, march] = await givenInvoices();
  // 19 % of 2.50, 0.27 and 100.00.
  expect(february!.tax.amount).toBe('19.53');
  for (const invoice of [february!, march!]) {
    const xml = await fetched(`invoices/${invoice.id}/invoice.xml`);
    expect({ status: xml.status, text: xml.status === 200 ? '' : xml.body.toString() }).toEqual({
      status: 200,
      text: '',
    });
    expect(faultsOf(xml.body.toString())).toEqual([]);
  }
  const xml = (await fetched(`invoices/${march!.id}/invoice.xml`)).body.toString();
  expect(xml).toContain('INV-2026-000001');
  const csv = (await fetched(`invoices/${february!.id}/usage.csv`)).body.toString().trim().split('\r\n');
  expect(csv).toHaveLength(3);
  expect(csv[1]).toContain('one');
  expect(csv[1]).toContain("'=HYPERLINK");
  const later = (await fetched(`invoices/${march!.id}/usage.csv`)).body.toString();
  expect(later.match(/march|late|two/g)).toEqual(['late', 'march']);
  const { answer, events } = await eventsOf(t, () => fetched(`invoices/${february!.id}/performance.pdf`));
  expect(answer.body.subarray(0, 5).toString()).toBe('%PDF-');
  expect(events).toMatchObject([{ action: 'document.delivered', subject: { type: 'Invoice', id: february!.id } }]);

  const before = await fetched(`invoices/${february!.id}/invoice.pdf`);
  await t.as('operations').mutate('changeAccount', { accountId: client.id, legalName: 'Renamed since' });
  expect((await fetched(`invoices/${february!.id}/invoice.pdf`)).body.equals(before.body)).toBe(true);

  const [line] = february!.lines;
  const note = await countersigned(t, 'billing', 'issueCreditNote', {
    invoiceId: february!.id,
    reasonCode: 'GOODWILL',
    items: [{ lineId: line.id, amount: { amount: '1.00', currency: 'USD' } }],
    note: 'as agreed',
  });
  const { creditNote } = note.result;
  const credited = await fetched(`credit-notes/${creditNote}/credit-note.xml`);
  expect(credited.status).toBe(200);
  expect(faultsOf(credited.body.toString())).toEqual([]);
  expect((await fetched(`credit-notes/${creditNote}/credit-note.pdf`)).body.subarray(0, 5).toString()).toBe('%PDF-');
  expect((await fetched(`credit-notes/${creditNote}/credit-note.pdf`, 'client')).status).toBe(404);
  await givenClientOf(t, client.id);
  expect((await fetched(`credit-notes/${creditNote}/credit-note.pdf`, 'client')).status).toBe(200);
});
