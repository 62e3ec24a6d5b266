import path from 'node:path';
import type { Browser } from 'playwright-core';
import { startTestApp, type TestApp } from '../support/app';
import { proposed } from '../support/outcomes';
import { givenAccount, givenAgent, givenInvoice, givenLob } from '../support/scene';
import { launch, openTab } from './browser';

/**
 * Writes docs/console.png: `npx jest --testMatch '**\/test/console/picture.ts'`. No test, and none of its own runs it.
 */

const NAMES = {
  supervisor: 'Ingrid Solheim',
  supervisor2: 'Tomás Rivera',
  operations: 'Asha Menon',
  billing: 'Daniel Okafor',
};

let t: TestApp;
let browser: Browser;
beforeAll(async () => {
  [t, browser] = await Promise.all([startTestApp(), launch()]);
});
afterAll(async () => {
  await browser.close();
  await t.close();
});

it('draws the console with a change that came back from rework', async () => {
  for (const [who, name] of Object.entries(NAMES))
    await t.rewind('UPDATE app_user SET name = $2 WHERE email = $1', [`${who}@test.example`, name]);
  const id = await givenScene();
  const context = await browser.newContext({ viewport: { width: 1280, height: 660 } });
  const { page } = await openTab(t, context, 'supervisor', `#/request/${id}`);
  await page.locator('.timeline li').nth(2).waitFor();
  await page.locator('.rows').getByText('Experian').waitFor();
  await page.locator('.request h2').evaluate((heading) => heading.blur());
  await page.screenshot({ path: path.resolve(__dirname, '../../docs/console.png') });
  await context.close();
});

/** Five changes that wait; the id of the one that is looked at. */
async function givenScene(): Promise<string> {
  const equifax = await givenAccount(t, { code: 'EQUIFAX', legalName: 'Equifax Inc.' });
  const experian = await givenAccount(t, { code: 'EXPERIAN', legalName: 'Experian Information Solutions Inc.' });
  const invoiceId = await givenInvoice(t, experian);
  const [agentId, from, to] = [
    await givenAgent(t, { code: 'AG-1007', name: 'Joseph Lee' }),
    await givenLob(t, experian, { code: 'REPORTS', name: 'Credit reporting' }),
    await givenLob(t, equifax, { code: 'CARDS', name: 'Credit cards' }),
  ];
  await t.person('operations').submit('agent.assign', { agentId, lobId: from, startsOn: '2024-01-01' }, 'assigned');
  await proposed(t, 'operations', 'openAccount', {
    code: 'USBANK',
    legalName: 'U.S. Bancorp',
    currency: 'USD',
    timeZone: 'America/Chicago',
    taxId: '41-0255900-000',
    bankAccountNumber: '000555123456',
  });
  await proposed(t, 'billing', 'voidInvoice', {
    invoiceId,
    reason: 'Billed twice: July is in the invoice before, too',
  });
  const bank = { accountId: equifax, bankAccountNumber: '000987650000', reason: 'New house bank' };
  const { id } = await proposed(t, 'operations', 'changeAccount', bank);
  const comment = 'Their letter names another account';
  await t.as('supervisor2').mutate('returnChangeRequest', { id, reason: comment }, 'outcome');
  const input = {
    ...bank,
    bankAccountNumber: '000987654321',
    reason: 'New house bank, as in their letter',
  };
  await t.as('operations').mutate('reviseChangeRequest', { id, input }, 'outcome');
  const transfer = { agentId, toLobId: to, startsOn: '2026-12-01', reason: 'More calls there' };
  await t.as('operations').mutate('requestAgentTransfer', transfer, 'outcome');
  return id;
}
