import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { decisionsOn, givenProposedVoid, proposedBankChange, requestRow } from '../approvals/proposals';
import { startTestApp, type TestApp } from '../support/app';
import { type CastName, PASSWORD } from '../support/cast';
import { approve, eventsOf, proposed, rowOf, told, type Waiting } from '../support/outcomes';
import { type Authenticator, enrolled } from '../support/otp';
import { until } from '../support/poll';
import { freshCode, givenAccount, givenInvoice } from '../support/scene';
import { describeInBrowser, DESKTOP, launch, openTab, originOf, type Tab, violationsOn } from './browser';

let t: TestApp;
let browser: Browser;
const tabs: Tab[] = [];

/** In a browser of its own: all tabs of one have the same session. */
const tab = async (who: CastName | null, at = '', options: BrowserContextOptions = DESKTOP): Promise<Page> => {
  const opened = await openTab(t, await browser.newContext(options), who, at);
  tabs.push(opened);
  return opened.page;
};

/** A tab whose clock, screen or hands are others. */
const tabOfItsOwn = async (who: CastName, options: BrowserContextOptions = DESKTOP) => tab(who, '', options);

/** The tab of a supervisor who opens one change request after the other, as they do all day. */
let supervisors: Tab | undefined;
const opened = async ({ id }: Waiting): Promise<Page> => {
  supervisors ??= await openTab(t, await browser.newContext(DESKTOP), 'supervisor');
  await supervisors.page.goto(`${originOf(t)}/console#/request/${id}`);
  return supervisors.page;
};

const rowFor = (page: Page, { id }: Waiting) => page.locator(`.rows li[data-id="${id}"]`);
const note = (page: Page) => page.locator('.request .note').first();
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true });

/** Chooses a verdict and confirms it. */
async function say(page: Page, verb: string, comment?: string): Promise<void> {
  if (comment !== undefined) await page.getByLabel('Comment').fill(comment);
  await page.locator('.decision').getByRole('button', { name: verb, exact: true }).click();
  await page.getByRole('dialog').getByRole('button', { name: verb, exact: true }).click();
}

async function signIn(page: Page): Promise<void> {
  await page.getByLabel('E-mail').fill('supervisor@test.example');
  await page.getByLabel('Password').fill(PASSWORD);
  await button(page, 'Sign in').click();
}

/** What became of a change request: where it stands, who decided, and what the trail has of it. */
async function became(request: Waiting, work: () => Promise<void>) {
  const { events } = await eventsOf(t, work);
  const { status, approved_by_id: approvedBy } = await requestRow(t, request.id);
  return { status, approvedBy, decisions: await decisionsOn(t, request.id), events: told(events) };
}

const by = (who: CastName) => t.as(who).userId;

describeInBrowser('the console, in Chromium,', () => {
  beforeAll(async () => {
    [t, browser] = await Promise.all([startTestApp(), launch()]);
  });
  afterAll(async () => {
    await browser?.close();
    await t?.close();
  });
  afterEach(async () => {
    const closing = tabs.splice(0);
    await Promise.all(closing.map(({ page }) => page.context().close()));
    const own = `${originOf(t)}/`;
    const all = supervisors ? [...closing, supervisors] : closing;
    expect(all.flatMap(({ requested }) => requested).filter((url) => !url.startsWith(own))).toEqual([]);
    expect(all.flatMap(({ complaints }) => complaints)).toEqual([]);
  });

  describe('somebody with an authenticator app', () => {
    let app: Authenticator;
    beforeAll(async () => {
      app = await enrolled(t, t.as('supervisor2'));
    });
    afterAll(() => {
      t.clock.at = null;
    });

    it('signs in with a code, is asked for one before what needs it, and decides then', async () => {
      const accountId = await givenAccount(t, { currency: 'EUR' });
      const lines = [{ description: 'Calls', quantity: '1', unitPrice: '10000.01' }];
      const drafted = await t
        .person('billing')
        .submit('invoice.draft', { accountId, lines, dueInDays: 30 }, freshCode('k'));
      const request = await proposed(t, 'billing', 'issueInvoice', { invoiceId: drafted.result.invoice });
      const page = await tab(null, `#/request/${request.id}`);
      await page.getByLabel('E-mail').fill('supervisor2@test.example');
      await page.getByLabel('Password').fill(PASSWORD);
      await button(page, 'Sign in').click();
      const code = page.getByLabel('Code of your authenticator app');
      await code.fill('000000');
      await button(page, 'Sign in').click();
      await page.getByText('This code does not fit, or was used before.').waitFor();
      await code.fill(app.next());
      await button(page, 'Sign in').click();
      await page.locator('.decision').waitFor();
      t.clock.at = new Date(t.clock.at!.getTime() + 301_000);
      await say(page, 'Approve');
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Code of your authenticator app').waitFor();
      expect(await violationsOn(page)).toEqual([]);
      await dialog.getByRole('button', { name: 'Cancel' }).click();
      await page.locator('.request .note code', { hasText: 'STEP_UP_REQUIRED' }).waitFor();
      await button(page, 'Try again').click();
      await dialog.getByLabel('Code of your authenticator app').fill('abcdef');
      await dialog.getByRole('button', { name: 'Go on' }).click();
      await dialog.getByText('This code does not fit').waitFor();
      await dialog.getByLabel('Code of your authenticator app').fill(app.next());
      await dialog.getByRole('button', { name: 'Go on' }).click();
      await page.getByText('Approved, and carried out.').first().waitFor();
      expect(await requestRow(t, request.id)).toMatchObject({ status: 'EXECUTED', approved_by_id: by('supervisor2') });
    });
  });

  describe('signing in', () => {
    it('is refused, then done, and leads to what the address names; signing out ends the session', async () => {
      const request = await givenProposedVoid(t);
      const page = await tab(null, `#/request/${request.id}`);
      await page.getByLabel('E-mail').fill('supervisor@test.example');
      await page.getByLabel('Password').fill('not this one');
      await page.keyboard.press('Enter');
      await page.getByText('This address and password do not fit.').waitFor();
      expect(await page.getByLabel('Password').evaluate((field) => field === field.ownerDocument.activeElement)).toBe(
        true,
      );
      await page.getByLabel('Password').fill(PASSWORD);
      await page.keyboard.press('Enter');
      await page.getByRole('heading', { level: 2, name: 'Void an invoice' }).waitFor();
      expect(await page.locator('#signed-in .who').innerText()).toBe('supervisor supervisor');

      const kept = await page.context().cookies();
      expect(kept).toEqual([
        expect.objectContaining({
          name: 'countersign',
          value: expect.stringMatching(/^[\w-]{43}$/),
          path: '/',
          httpOnly: true,
          secure: false,
          sameSite: 'Strict',
          expires: -1,
        }),
      ]);
      expect(await page.evaluate('localStorage.length + sessionStorage.length + document.cookie.length')).toBe(0);
      await page.reload();
      await page.getByRole('heading', { level: 2, name: 'Void an invoice' }).waitFor();
      await button(page, 'Sign out').click();
      await page.getByText('You are signed out.').first().waitFor();
      expect(await page.context().cookies()).toEqual([]);
      const [session] = await t.sql('SELECT user_id, ended_at FROM session ORDER BY id DESC LIMIT 1');
      expect(session).toEqual({ user_id: by('supervisor'), ended_at: expect.anything() });
    });

    it('is done for every tab of a browser, and so is signing out', async () => {
      const page = await tab(null);
      const other = await page.context().newPage();
      await other.goto(`${originOf(t)}/console`);
      await other.getByLabel('E-mail').waitFor();
      await signIn(page);
      for (const each of [page, other]) await each.locator('#signed-in .who').waitFor();
      await button(other, 'Sign out').click();
      for (const each of [other, page]) await each.getByLabel('E-mail').waitFor();
      await page.getByText('Your session has ended. Sign in again').first().waitFor();
    });

    it('is not kept alive by a page that nobody uses', async () => {
      const page = await tab(null);
      const uses: boolean[] = [];
      page.on('request', (request) => {
        if (request.postData()?.includes('ConsoleAwaiting')) uses.push(request.headers()['x-unattended'] !== 'true');
      });
      await page.clock.install();
      await signIn(page);
      await page.locator('.awaiting').waitFor();
      await until(() => uses.length === 1);
      await page.clock.runFor(61_000);
      await until(() => uses.length > 1);
      expect(uses[0]).toBe(true);
      expect(uses.slice(1)).not.toContain(true);
    });

    it('is asked for again when the session has ended, and what was begun is kept', async () => {
      const request = await givenProposedVoid(t);
      const page = await tab(null, `#/request/${request.id}`);
      await signIn(page);
      await page.getByLabel('Comment').fill('a comment that I began');
      await rowFor(page, request).waitFor();
      await page.locator('.rows .subject', { hasText: /^…$/ }).first().waitFor({ state: 'detached' });
      await t.rewind(
        'UPDATE session SET ended_at = now(), version = version + 1 WHERE id = (SELECT max(id::text)::uuid FROM session)',
      );
      await say(page, 'Reject');
      await page.getByText('Your session has ended. Sign in again').first().waitFor();
      expect((await requestRow(t, request.id)).status).toBe('PENDING');
      await signIn(page);
      await page.getByRole('heading', { level: 2, name: 'Void an invoice' }).waitFor();
      expect(await page.getByLabel('Comment').inputValue()).toBe('a comment that I began');
    });
  });

  describe('a decision', () => {
    it('is an approval, by the keyboard alone', async () => {
      const older = await givenProposedVoid(t);
      const request = await givenProposedVoid(t);
      const page = await tab('supervisor');
      await rowFor(page, request).waitFor();
      const focused = () => page.evaluate('document.activeElement.closest("li")?.dataset.id');
      await page.locator('.rows input').first().focus();
      await page.keyboard.press('Tab');
      expect(await focused()).toBe(request.id);
      await page.keyboard.press('j');
      expect(await focused()).toBe(older.id);
      await page.keyboard.press('ArrowUp');
      await page.keyboard.press('Enter');
      await page.getByText('It waits for a decision.').waitFor();
      await page.keyboard.press('Escape');
      // The page goes back by its address, of which it hears a little later.
      await until(async () => (await focused()) === request.id);
      await page.keyboard.press('Enter');
      await page.getByLabel('Comment').waitFor();
      await page.keyboard.press('Tab');
      await page.keyboard.type('seen and fine');
      await page.keyboard.press('Tab');

      const outcome = await became(request, async () => {
        await page.keyboard.press('Enter');
        await page.getByRole('dialog').getByText('It is carried out at once on behalf of billing').waitFor();
        await page.keyboard.press('Tab');
        await page.keyboard.press('Enter');
        await note(page).getByText('Approved, and carried out.').waitFor();
      });
      expect(outcome).toEqual({
        status: 'EXECUTED',
        approvedBy: by('supervisor'),
        decisions: [{ decided_by_id: by('supervisor'), verdict: 'APPROVED' }],
        events: expect.arrayContaining([
          expect.objectContaining({
            action: 'changeRequest.approved',
            outcome: 'DONE',
            actor: by('supervisor'),
            reason: 'seen and fine',
          }),
          expect.objectContaining({ action: 'invoice.voided', actor: by('supervisor'), onBehalfOf: by('billing') }),
        ]),
      });
      expect(outcome.events).toHaveLength(2);
      expect((await rowOf(t, 'invoice', request.invoiceId)).status).toBe('VOIDED');
      await rowFor(page, request).waitFor({ state: 'detached' });
      expect(await page.locator('.timeline li').allInnerTexts()).toEqual([
        expect.stringMatching(/^Proposed by billing/),
        expect.stringMatching(/^Approved by supervisor[^]*seen and fine$/),
        expect.stringMatching(/^Carried out: invoice\.voided by supervisor for billing/),
      ]);
    });

    it('is a rejection, which needs a reason', async () => {
      const request = await givenProposedVoid(t);
      const page = await opened(request);
      await page.locator('.decision').getByRole('button', { name: 'Reject' }).click();
      await page.getByText('Say why: whoever proposed it has to learn that.').waitFor();
      const comment = page.getByLabel('Comment');
      expect(await comment.getAttribute('aria-invalid')).toBe('true');
      expect(await comment.evaluate((field) => field === field.ownerDocument.activeElement)).toBe(true);
      expect(await page.getByRole('dialog').count()).toBe(0);
      const outcome = await became(request, async () => {
        await say(page, 'Reject', 'not billed twice at all');
        await note(page).getByText('Rejected. Nothing was changed.').waitFor();
      });
      expect(outcome).toMatchObject({
        status: 'REJECTED',
        decisions: [{ decided_by_id: by('supervisor'), verdict: 'REJECTED' }],
        events: [{ action: 'changeRequest.rejected', actor: by('supervisor'), reason: 'not billed twice at all' }],
      });
    });

    it('returns it for rework, and what was asked for before is there when it comes again', async () => {
      const request = await givenProposedVoid(t);
      const page = await opened(request);
      const outcome = await became(request, async () => {
        await say(page, 'Return for rework', 'name the other invoice');
        await note(page).getByText('Returned for rework.').waitFor();
      });
      expect(outcome).toMatchObject({
        status: 'RETURNED',
        decisions: [{ decided_by_id: by('supervisor'), verdict: 'RETURNED' }],
        events: [{ action: 'changeRequest.returned', actor: by('supervisor'), reason: 'name the other invoice' }],
      });
      await revised(request, 'billed twice, with the next one');
      await page.reload();
      await page.getByText('Revision 1, until').click();
      expect(await page.locator('details').innerText()).toMatch(/billed twice\n/);
      await say(page, 'Approve');
      await note(page).getByText('Approved, and carried out.').waitFor();
    });

    it('on what was revised meanwhile is none, and shows what it asks for now', async () => {
      const request = await givenProposedVoid(t);
      const page = await opened(request);
      await page.getByLabel('Comment').waitFor();
      await revised(request, 'another reason');
      await say(page, 'Approve');
      await note(page).getByText('It was revised, look again').waitFor();
      expect(await page.locator('.request').innerText()).toMatch(/another reason[^]*What it asked for before/);
      expect(await requestRow(t, request.id)).toMatchObject({ status: 'PENDING', revision: 2 });
      expect(await decisionsOn(t, request.id)).toEqual([]);
    });

    it('is one of several that it needs, and says so before and after', async () => {
      const quorum = (count: number) =>
        t.sql(
          `UPDATE approval_policy SET steps = jsonb_set(steps, '{0,quorum}', $1) WHERE operation = 'account.change'`,
          [String(count)],
        );
      await quorum(2);
      const request = await proposedBankChange(t, await givenAccount(t));
      await quorum(1);
      const page = await opened(request);
      await page.getByText('supervisor 0 of 2, open now').waitFor();
      await page.locator('.decision').getByRole('button', { name: 'Approve' }).click();
      await page.getByRole('dialog').getByText('it waits for 1 more before it is carried out').waitFor();
      await page.getByRole('dialog').getByRole('button', { name: 'Approve' }).click();
      await note(page).getByText('Your approval is kept. It still waits for others').waitFor();
      await page.getByText('supervisor 1 of 2, open now').waitFor();
      await page.getByText('You have decided this revision already.').waitFor();
      expect(await requestRow(t, request.id)).toMatchObject({ status: 'PENDING', approved_by_id: null });
      await approve(t, request, 'supervisor2');
      expect(await requestRow(t, request.id)).toMatchObject({ status: 'EXECUTED' });
      expect((await decisionsOn(t, request.id)).map((decision) => decision.decided_by_id)).toEqual([
        by('supervisor'),
        by('supervisor2'),
      ]);
    });

    it('on what has moved shows what was, is and was to become', async () => {
      const accountId = await givenAccount(t);
      const [first, second] = [
        await proposedBankChange(t, accountId, '000111111111'),
        await proposedBankChange(t, accountId, '000222222222'),
      ];
      const page = await opened(second);
      await page.getByLabel('Comment').waitFor();
      await approve(t, first, 'supervisor2');
      await say(page, 'Approve');
      await note(page).getByText('CHANGE_REQUEST_STALE').waitFor();
      expect((await note(page).locator('.changes').innerText()).split(/\s*\n\s*/)).toEqual([
        'bank account number',
        'when proposed',
        '••••••••6789',
        'now',
        '••••••••1111',
        'as proposed',
        '••••••••2222',
      ]);
      await page.locator('.status').getByText('It is stale: what it is about changed').waitFor();
      expect(await page.getByLabel('Comment').count()).toBe(0);
      expect(await requestRow(t, second.id)).toMatchObject({ status: 'STALE', approved_by_id: null });
    });

    it('that somebody else was faster with is told so', async () => {
      const request = await givenProposedVoid(t);
      const page = await opened(request);
      await page.getByLabel('Comment').waitFor();
      await t.as('supervisor2').mutate('rejectChangeRequest', { id: request.id, reason: 'no' }, 'outcome');
      await say(page, 'Approve');
      await note(page)
        .getByText('It does not wait for a decision any more. Yours was not taken. It was rejected.')
        .waitFor();
      expect((await requestRow(t, request.id)).status).toBe('REJECTED');
    });

    it('that got no answer is sent again, and is made once', async () => {
      const request = await givenProposedVoid(t);
      const page = await opened(request);
      await page.getByLabel('Comment').waitFor();
      const outcome = await became(request, async () => {
        // The server gets it; its answer is lost.
        await page.route('**/graphql', async (route) => {
          await route.fetch();
          await route.abort();
        });
        await say(page, 'Approve', 'once');
        await note(page).getByText('The connection was lost').waitFor();
        await page.unroute('**/graphql');
        await button(page, 'Try again').first().click();
        await note(page).getByText('Approved, and carried out.').waitFor();
      });
      expect(outcome).toMatchObject({ status: 'EXECUTED', decisions: [{ verdict: 'APPROVED' }] });
      expect(outcome.events.map(({ action }) => action)).toEqual(['invoice.voided', 'changeRequest.approved']);
    });

    it('is not offered to its maker, and a cancelled one is none', async () => {
      const request = await givenProposedVoid(t);
      const makers = await tab('billing', `#/request/${request.id}`);
      await makers.getByText('You proposed this yourself: somebody else has to decide.').waitFor();
      expect(await makers.getByLabel('Comment').count()).toBe(0);
      const page = await opened(request);
      await page.locator('.decision').getByRole('button', { name: 'Approve' }).click();
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
      expect(await requestRow(t, request.id)).toMatchObject({ status: 'PENDING' });
    });
  });

  it('several are ticked and decided alike, with a result for each', async () => {
    const requests = [await givenProposedVoid(t), await givenProposedVoid(t), await givenProposedVoid(t)] as const;
    const page = await tab('supervisor');
    for (const request of requests) await rowFor(page, request).getByRole('checkbox').check();
    await page.getByText('3 change requests ticked').waitFor();
    await t.as('supervisor2').mutate('rejectChangeRequest', { id: requests[1].id, reason: 'no' }, 'outcome');
    await page.locator('.many').getByRole('button', { name: 'Approve', exact: true }).click();
    expect(await page.getByRole('dialog').locator('.asked').count()).toBe(3);
    await page.getByRole('dialog').getByRole('button', { name: 'Approve', exact: true }).click();
    await page.getByText('Approved: 2 of 3.').first().waitFor();
    expect(await violationsOn(page)).toEqual([]);
    const resultOf = ({ id }: Waiting) => page.locator(`.results [data-id="${id}"]`).innerText();
    expect(await resultOf(requests[0])).toMatch(/Approved\.$/);
    expect(await resultOf(requests[1])).toMatch(/does not wait for a decision any more.*CHANGE_REQUEST_NOT_PENDING$/);
    const rows = await Promise.all(requests.map(({ id }) => requestRow(t, id)));
    expect(rows.map(({ status, approved_by_id: approver }) => [status, approver])).toEqual([
      ['EXECUTED', by('supervisor')],
      ['REJECTED', null],
      ['EXECUTED', by('supervisor')],
    ]);
  });

  it('many come in pages, and a page that follows begins where the last one ended', async () => {
    const requests = [await givenProposedVoid(t), await givenProposedVoid(t), await givenProposedVoid(t)] as const;
    const page = await tab(null);
    await page.route('**/graphql', async (route) => {
      const body = route.request().postDataJSON() as { variables: { first?: number } };
      if (body.variables.first) body.variables.first = 2;
      await route.continue({ postData: body });
    });
    await signIn(page);
    await rowFor(page, requests[1]).waitFor();
    expect(await page.locator('.rows li').count()).toBe(2);
    await button(page, 'Show more').click();
    await rowFor(page, requests[0]).waitFor();
    expect(await page.evaluate('document.activeElement.closest("li")?.dataset.id')).toBe(requests[0].id);
    const ids = await page.locator('.rows li').evaluateAll((rows) => rows.map((row) => row.getAttribute('data-id')));
    expect(ids.slice(0, 3)).toEqual(requests.map(({ id }) => id).toReversed());
  });

  describe('news', () => {
    it('arrive while the page is seen, and do not change what is read', async () => {
      const request = await givenProposedVoid(t);
      const page = await tabOfItsOwn('supervisor');
      await page.clock.install();
      await page.goto(`${originOf(t)}/console#/request/${request.id}`);
      await page.reload();
      await rowFor(page, request).waitFor();
      await page.getByLabel('Comment').waitFor();
      const another = await givenProposedVoid(t);
      await revised(request, 'quite another reason');
      // No clock moves: the stream says so.
      await rowFor(page, another).waitFor();
      await page.getByText('It was revised while you were reading.').waitFor();
      expect(await page.locator('.request').innerText()).not.toMatch(/quite another reason/);
      await button(page, 'Show what it asks for now').click();
      await page.locator('.request').getByText('quite another reason').first().waitFor();
    });

    it('that cannot be had leave a way to try again', async () => {
      const page = await tab('compliance');
      await page.getByText('Nothing awaits you.').waitFor();
      expect(await violationsOn(page)).toEqual([]);
      await page.route('**/graphql', (route) => route.abort());
      await page.evaluate('dispatchEvent(new Event("online"))');
      await page.getByText('The server cannot be reached.').waitFor();
      await page.unroute('**/graphql');
      await button(page, 'Try again').click();
      await page.getByText('Nothing awaits you.').waitFor();
    });
  });

  it('what others wrote is text, and what it hides is drawn', async () => {
    const hostile = '<img src=x onerror="document.title=1"> \u202Edesrever\u202C \u200B<b>bold</b>';
    const invoiceId = await givenInvoice(t, await givenAccount(t, { legalName: hostile }));
    const request = await proposed(t, 'billing', 'voidInvoice', { invoiceId, reason: hostile });
    const page = await tab('supervisor', `#/request/${request.id}`);
    await rowFor(page, request).waitFor();
    const drawn = '<img src=x onerror="document.title=1"> ⟨U+202E⟩desrever⟨U+202C⟩ ⟨U+200B⟩<b>bold</b>';
    await page.locator('.request .facts').getByText(drawn).waitFor();
    expect(await page.locator('.request blockquote').first().innerText()).toBe(drawn);
    expect(await rowFor(page, request).innerText()).toContain(drawn);
    const warning = page.locator('.request .note').filter({ hasText: 'Look twice' });
    expect(await warning.innerText()).toContain('reason: marks turn the direction');
    expect(await rowFor(page, request).innerText()).toContain('Look twice: a text could deceive.');
    expect(await page.locator('main img, main b').count()).toBe(0);
    expect(await page.title()).toMatch(/Countersign console$/);
    expect(await page.getByRole('img', { name: 'U+202E, right-to-left override' }).count()).toBeGreaterThan(1);
    expect(await page.evaluate('document.body.innerText')).not.toMatch(/[\u202A-\u202E\u200B]/);
  });

  describe('everybody can use it:', () => {
    it('a phone shows one thing at a time, and nothing beside the screen', async () => {
      const request = await givenProposedVoid(t);
      const page = await tabOfItsOwn('supervisor', {
        viewport: { width: 320, height: 640 },
        isMobile: true,
        hasTouch: true,
      });
      const tooWide = () => page.evaluate('document.documentElement.scrollWidth - innerWidth');
      await rowFor(page, request).waitFor();
      expect(await tooWide()).toBe(0);
      await rowFor(page, request).getByRole('checkbox').tap();
      await page.locator('.many').getByLabel('Comment').waitFor();
      expect(await tooWide()).toBe(0);
      await rowFor(page, request).getByRole('link').tap();
      await page.locator('.request').getByLabel('Comment').waitFor();
      expect(await page.locator('.awaiting').isVisible()).toBe(false);
      expect(await tooWide()).toBe(0);
      for (const target of await page.locator('.request button:visible').all())
        expect((await target.boundingBox())!.height).toBeGreaterThanOrEqual(44);
      await page.locator('.request .decision').getByRole('button', { name: 'Approve' }).tap();
      await page.getByRole('dialog').waitFor();
      expect(await tooWide()).toBe(0);
      expect(await violationsOn(page)).toEqual([]);
    });

    it('axe finds nothing on any screen, in light and in dark', async () => {
      const request = await givenProposedVoid(t);
      await t.as('supervisor2').mutate('returnChangeRequest', { id: request.id, reason: 'look again' }, 'outcome');
      await revised(request, 'with \u202E a mark');
      const page = await tab('supervisor');
      await rowFor(page, request).getByRole('checkbox').check();
      await expectClean(page);
      await rowFor(page, request).getByRole('link').click();
      await page.getByText('Revision 1, until').click();
      await page.locator('.request .decision').getByRole('button', { name: 'Reject' }).click();
      await expectClean(page);
      await page.locator('.request').getByLabel('Comment').fill('no');
      await page.locator('.request .decision').getByRole('button', { name: 'Reject' }).click();
      await expectClean(page);
      await page.getByRole('dialog').getByRole('button', { name: 'Reject' }).click();
      await note(page).getByText('Rejected').waitFor();
      await expectClean(page);
      const nobodys = await tab(null);
      await nobodys.getByLabel('E-mail').waitFor();
      await expectClean(nobodys);
    });
  });
});

/** Structure is looked at once, colours in either scheme. */
async function expectClean(page: Page): Promise<void> {
  await page.emulateMedia({ colorScheme: 'light' });
  expect(await violationsOn(page)).toEqual([]);
  await page.emulateMedia({ colorScheme: 'dark' });
  expect(await violationsOn(page, ['color-contrast'])).toEqual([]);
}

/** Its maker asks for something else. */
async function revised({ id, invoiceId }: Waiting & { invoiceId: string }, reason: string): Promise<void> {
  const input = { id, input: { invoiceId, reason } };
  const { errors } = await t.as('billing').mutate('reviseChangeRequest', input, 'outcome');
  expect(errors).toEqual([]);
}
