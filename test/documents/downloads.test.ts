import { createHash } from 'node:crypto';
import request from 'supertest';
import { startTestApp, type TestApp } from '../support/app';
import type { CastName } from '../support/cast';
import { eventsOf, NOBODYS_ID, stateOf } from '../support/outcomes';
import { givenAccount, givenClientOf, givenDraft, givenInvoice } from '../support/scene';
import { fileOf, forgetFiles, givenClient, imported } from '../usage/support';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(async () => {
  await t.close();
  forgetFiles();
});

const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

function fetched(who: CastName | 'nobody', path: string, headers: Record<string, string> = {}) {
  const call = request(t.served.server).get(`/documents/${path}`).set(headers).buffer(true);
  if (who !== 'nobody') call.set('authorization', `Bearer ${t.as(who).token}`);
  return call.parse((response, done) => {
    const parts: Buffer[] = [];
    response.on('data', (part: Buffer) => parts.push(part));
    response.on('end', () => done(null, Buffer.concat(parts)));
  });
}
const codeIn = (body: Buffer) =>
  (JSON.parse(body.toString()) as { errors: { extensions: { code: string } }[] }).errors[0]!.extensions.code;

describe('an invoice as PDF', () => {
  it('is delivered with its digest, which the trail has, with who fetched it', async () => {
    const invoiceId = await givenInvoice(t, await givenAccount(t));
    const [{ number } = { number: '' }] = await t.sql<{ number: string }>('SELECT number FROM invoice WHERE id = $1', [
      invoiceId,
    ]);
    const before = await stateOf(t);
    const { answer, events } = await eventsOf(t, () => fetched('auditor', `invoices/${invoiceId}/invoice.pdf`));
    const body = answer.body as Buffer;
    expect(answer.status).toBe(200);
    expect(body.subarray(0, 5).toString()).toBe('%PDF-');
    expect(answer.headers).toMatchObject({
      'content-type': 'application/pdf',
      'content-length': String(body.length),
      'content-disposition': `attachment; filename="${number}.pdf"`,
      etag: `"${sha256(body)}"`,
      'repr-digest': `sha-256=:${createHash('sha256').update(body).digest('base64')}:`,
      'cache-control': 'private, no-cache',
      'x-content-type-options': 'nosniff',
    });
    expect(events).toEqual([
      expect.objectContaining({
        action: 'document.delivered',
        outcome: 'DONE',
        actor: t.as('auditor').userId,
        subject: { type: 'Invoice', id: invoiceId, version: null },
        request: answer.headers['x-request-id'],
        changes: [
          { path: 'document', before: null, after: 'invoice.pdf' },
          { path: 'sha256', before: null, after: sha256(body) },
          { path: 'bytes', before: null, after: body.length },
        ],
      }),
    ]);
    expect(await stateOf(t)).toEqual(before);
  });

  it('is the same bytes for everybody and each time, also at once; each time is told', async () => {
    const accountId = await givenAccount(t);
    const invoiceId = await givenInvoice(t, accountId);
    await givenClientOf(t, accountId);
    const path = `invoices/${invoiceId}/invoice.pdf`;
    const { answer, events } = await eventsOf(t, () =>
      Promise.all((['auditor', 'billing', 'client', 'auditor'] as const).map((who) => fetched(who, path))),
    );
    expect(new Set(answer.map(({ body }) => sha256(body as Buffer))).size).toBe(1);
    expect(events.map(({ actor }) => actor as string).toSorted()).toEqual(
      [t.as('auditor').userId, t.as('auditor').userId, t.as('billing').userId, t.as('client').userId].toSorted(),
    );
    const known = await eventsOf(t, () =>
      fetched('auditor', path, { 'if-none-match': answer[0]!.headers.etag as string }),
    );
    expect([known.answer.status, known.events]).toEqual([304, []]);
  });

  it('is nothing to whoever may not read the invoice: like an unknown id, with no event', async () => {
    const mine = await givenAccount(t);
    await givenClientOf(t, mine);
    const foreign = await givenInvoice(t, await givenAccount(t));
    const draft = await givenDraft(t, mine);
    const unknown = await fetched('client', `invoices/${NOBODYS_ID}/invoice.pdf`);
    for (const path of [
      `invoices/${foreign}/invoice.pdf`,
      `invoices/${draft}/invoice.pdf`,
      `invoices/${foreign}/usage.csv`,
      'invoices/x/invoice.pdf',
    ]) {
      const { answer, events } = await eventsOf(t, () => fetched('client', path));
      expect([answer.status, (answer.body as Buffer).toString(), events]).toEqual([
        404,
        (unknown.body as Buffer).toString(),
        [],
      ]);
    }
    expect((await fetched('billing', `invoices/${draft}/invoice.pdf`)).headers['content-disposition']).toContain(
      `draft-${draft}.pdf`,
    );
  });

  it('asks who fetches it, and tells of whoever does not say', async () => {
    const invoiceId = await givenInvoice(t, await givenAccount(t));
    const path = `invoices/${invoiceId}/invoice.pdf`;
    const { answer, events } = await eventsOf(t, () => fetched('nobody', path));
    expect([answer.status, codeIn(answer.body as Buffer)]).toEqual([401, 'UNAUTHENTICATED']);
    expect(events).toEqual([
      expect.objectContaining({
        action: 'document.delivered',
        outcome: 'REFUSED',
        code: 'UNAUTHENTICATED',
        actor: null,
      }),
    ]);
    const posted = await request(t.served.server)
      .post(`/documents/${path}`)
      .set('authorization', `Bearer ${t.as('auditor').token}`);
    expect(posted.status).toBe(405);
    const head = await request(t.served.server)
      .head(`/documents/${path}`)
      .set('authorization', `Bearer ${t.as('auditor').token}`);
    expect([head.status, head.headers['content-type']]).toEqual([200, 'application/pdf']);
  });

  it('refuses what it does not have', async () => {
    const invoiceId = await givenInvoice(t, await givenAccount(t));
    const of = async (file: string) => {
      const answer = await fetched('auditor', file);
      return [answer.status, codeIn(answer.body as Buffer)];
    };
    expect(await of(`invoices/${invoiceId}/invoice.xml`)).toEqual([400, 'INVOICE_NOT_EXPORTABLE']);
    expect(await of(`invoices/${invoiceId}/usage.csv`)).toEqual([400, 'INVOICE_NOT_METERED']);
    expect(await of(`invoices/${invoiceId}/performance.pdf`)).toEqual([400, 'INVOICE_NOT_METERED']);
    for (const file of ['toString', 'constructor', '__proto__', 'invoice.exe'])
      expect(await of(`invoices/${invoiceId}/${file}`)).toEqual([404, 'NOT_FOUND']);
    expect(await of(`users/${invoiceId}/invoice.pdf`)).toEqual([404, 'NOT_FOUND']);
  });
});

describe('calls of an account', () => {
  const HEAD = 'sourceId,lob,startedAt,waitSeconds,talkSeconds,outcome,service,kind,corrects';

  async function givenCalls(count: number) {
    const client = await givenClient(t, ['A', 'B']);
    const at = (index: number) => new Date(Date.UTC(2026, 1, 3) + Math.floor(index / 3) * 1000).toISOString();
    const rows = Array.from(
      { length: count },
      (_each, index) => `c${index},${index % 2 ? 'A' : 'B'},${at(index)},3,60,HANDLED,=1+${index},,`,
    );
    const last = `r,A,${at(1)},3,60,HANDLED,,REVERSAL,c1`;
    await imported(t, client, fileOf([HEAD, ...rows, last].join('\n')));
    return client;
  }
  const PERIOD = 'from=2026-02-01&until=2026-03-01';

  it('are delivered as CSV over several pages, each once, without what was taken back', async () => {
    const client = await givenCalls(4_501);
    const path = `accounts/${client.id}/usage.csv?${PERIOD}`;
    const { answer, events } = await eventsOf(t, () => fetched('auditor', path));
    const body = answer.body as Buffer;
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'text/csv; charset=utf-8; header=present']);
    const lines = body.toString().trimEnd().split('\r\n');
    expect(lines).toHaveLength(1 + 4_500);
    expect(new Set(lines.map((line) => line.split(',')[2])).size).toBe(4_501);
    expect(lines[1]).toContain(`'=1+`);
    expect(events[0]!.changes).toContainEqual({ path: 'sha256', before: null, after: sha256(body) });
    expect(sha256((await fetched('auditor', path)).body as Buffer)).toBe(sha256(body));
  });

  it('are told as figures: as JSON, and as PDF with the same bytes each time', async () => {
    const client = await givenCalls(10);
    const json = await fetched('auditor', `accounts/${client.id}/performance.json?${PERIOD}&within=2`);
    expect(JSON.parse((json.body as Buffer).toString())).toMatchObject({
      period: { from: '2026-02-01', until: '2026-03-01' },
      serviceLevelSeconds: 2,
      all: {
        offered: 9,
        handled: 9,
        serviceLevel: '0.0',
        averageSpeedOfAnswer: '3.0',
        averageHandlingTime: '60.0',
        resolvedShare: null,
      },
    });
    const path = `accounts/${client.id}/performance.pdf?${PERIOD}`;
    const [one, other] = [await fetched('auditor', path), await fetched('billing', path)];
    expect(sha256(one.body as Buffer)).toBe(sha256(other.body as Buffer));
  });

  it('are of a period, and of an account of one’s own', async () => {
    const client = await givenCalls(2);
    for (const query of [
      '',
      'from=2026-02-01',
      'from=2026-02-01&until=2026-02-01',
      'from=2026-02-30&until=2026-03-01',
      'from=2024-01-01&until=2026-01-01',
      `${PERIOD}&within=0`,
      `${PERIOD}&from=2026-02-01`,
    ]) {
      const { answer, events } = await eventsOf(t, () =>
        fetched('auditor', `accounts/${client.id}/usage.csv?${query}`),
      );
      expect([query, answer.status, codeIn(answer.body as Buffer), events]).toEqual([query, 400, 'PERIOD_INVALID', []]);
    }
    await givenClientOf(t, await givenAccount(t));
    expect((await fetched('client', `accounts/${client.id}/usage.csv?${PERIOD}`)).status).toBe(404);
  });

  it('are those of the LOBs whose calls one may read, and none where one may read no calls', async () => {
    const client = await givenCalls(9);
    const grant = {
      userId: t.as('client').userId,
      role: 'operations',
      accountId: client.id,
      lobId: client.lobs.A,
      reason: 'one line',
    };
    await t.person('admin').countersigned(t.person('compliance'), 'role.grant', grant, 'one-line-of-business');
    await t.signInAnew('client');
    const all = await fetched('auditor', `accounts/${client.id}/performance.json?${PERIOD}`);
    const some = await fetched('client', `accounts/${client.id}/performance.json?${PERIOD}`);
    const lobsIn = ({ body }: { body: unknown }) =>
      JSON.parse((body as Buffer).toString()) as { lobs: unknown[]; all: { offered: number } };
    expect([lobsIn(all).lobs.length, lobsIn(all).all.offered]).toEqual([2, 8]);
    expect([lobsIn(some).lobs.length, lobsIn(some).all.offered]).toEqual([1, 3]);
    const csv = ((await fetched('client', `accounts/${client.id}/usage.csv?${PERIOD}`)).body as Buffer).toString();
    expect(csv.trimEnd().split('\r\n')).toHaveLength(1 + 3);
    const invoiceId = await givenInvoice(t, client.id);
    expect((await fetched('client', `invoices/${invoiceId}/invoice.pdf`)).status).toBe(404);
  });
});
