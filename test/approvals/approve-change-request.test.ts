import { startTestApp, type TestApp } from '../support/app';
import { givenAccount, givenInvoice, trail } from '../support/scene';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());

async function proposedVoid() {
  const invoiceId = await givenInvoice(t, await givenAccount(t));
  const { payload } = await t.as('billing').mutate('voidInvoice', { invoiceId, reason: 'twice' }, 'outcome invoice { status } changeRequest { id revision digest }');
  return { invoiceId, payload, ...payload.changeRequest } as { invoiceId: string; payload: any; id: string; revision: number; digest: string };
}

const statusOf = async (id: string) => (await t.sql('SELECT status, version FROM invoice WHERE id = $1', [id]))[0];

describe('changeRequest.approve', () => {
  it('carries out what was proposed, once somebody else approved exactly that', async () => {
    const { invoiceId, payload, id, revision, digest } = await proposedVoid();
    expect(payload.outcome).toBe('AWAITING_APPROVAL');
    expect(payload.invoice.status).toBe('ISSUED');
    const approved = await t.as('supervisor').mutate('approveChangeRequest', { id, revision, digest, comment: 'seen' });
    expect(approved.errors).toEqual([]);
    expect(approved.payload.changeRequest.status).toBe('EXECUTED');
    expect((await statusOf(invoiceId))!.status).toBe('VOIDED');
    const events = await trail(t, 'change_request_id = $1', [id]);
    expect(events.map(({ action, actor, onBehalfOf, outcome }) => ({ action, actor, onBehalfOf, outcome }))).toEqual([
      { action: 'changeRequest.proposed', actor: t.as('billing').userId, onBehalfOf: null, outcome: 'DONE' },
      { action: 'invoice.voided', actor: t.as('supervisor').userId, onBehalfOf: t.as('billing').userId, outcome: 'DONE' },
      { action: 'changeRequest.approved', actor: t.as('supervisor').userId, onBehalfOf: null, outcome: 'DONE' },
    ]);
  });
});
