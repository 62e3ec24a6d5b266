import { randomBytes } from 'node:crypto';
import { makeFirstUsers } from '../first-users';
import type { App } from '../platform/context';
import accounts from './data/accounts.json';
import agents from './data/agents.json';
import complaints from './data/complaints.json';
import lobs from './data/lobs.json';
import usage from './data/usage.json';
import { Person } from './people';

const DOMAIN = 'demo.countersign.test';
const ROLES = ['admin', 'billing', 'supervisor', 'operations', 'compliance', 'auditor', 'client'] as const;

type Cast = Record<(typeof ROLES)[number], Person>;
type Account = (typeof accounts.rows)[number];

/** Accounts, by code, with their id and their LOBs' ids by code. */
type Opened = Map<string, { account: Account; id: string; lobs: Map<string, string> }>;

/** Ids of issued invoices by account's code and week. */
type Issued = Map<string, string>;

/**
 * Loads the demonstration into an empty database, through the operations themselves, with a maker and a checker: its trail
 * is as real as any. Every step has its idempotency key, so that a load that was interrupted goes on where it stopped.
 * Returns what to tell whoever started it; the password only at the start that made it.
 */
export async function loadDemoData(app: App, say: (line: string) => void): Promise<string[]> {
  const password = app.config.demoPassword ?? randomBytes(12).toString('base64url');
  const users = ROLES.map((role) => ({ name: `Demo ${role}`, email: `${role}@${DOMAIN}`, password, role: role === 'client' ? null : role }));
  const made = await makeFirstUsers(app, users);
  const cast = await castOf(app);
  if (!cast) return [];
  if (!(await isComplete(app))) {
    say('Loading the demonstration data …');
    const opened = await openAccounts(cast);
    await letClientIn(cast, opened);
    await staff(cast, opened);
    const issued = await bill(cast, opened);
    await complain(cast, opened);
    await leaveSomethingToDecide(cast, opened, issued, app);
    await cast.operations.submit('agent.hire', { code: 'DEMO-LAST', name: 'Demo complete', hiredOn: '2010-08-16' }, LAST);
  }
  return [
    `Sign in as ${ROLES.map((role) => `${role}@${DOMAIN}`).join(', ')}.`,
    made
      ? app.config.demoPassword
        ? 'The password is that of DEMO_PASSWORD.'
        : `The password of all of them is ${password} (shown this once).`
      : 'The password is the one that was shown, or set by DEMO_PASSWORD, at the first start.',
  ];
}

const LAST = 'complete';

async function isComplete(app: App): Promise<boolean> {
  const { rowCount } = await app.database.pool.query('SELECT FROM idempotency_key WHERE key = $1', [`demo/${LAST}`]);
  return rowCount === 1;
}

/** The users of the demonstration, or null where the database has others. */
async function castOf(app: App): Promise<Cast | null> {
  const { rows } = await app.database.pool.query<{ id: string; email: string }>('SELECT id, email FROM app_user WHERE email = ANY($1)', [
    ROLES.map((role) => `${role}@${DOMAIN}`),
  ]);
  if (rows.length < ROLES.length) return null;
  return Object.fromEntries(rows.map(({ id, email }) => [email.split('@')[0], new Person(app, id)])) as Cast;
}

/** Four LOBs each, so that every service has several clients. */
async function openAccounts({ operations, supervisor }: Cast): Promise<Opened> {
  const opened: Opened = new Map();
  for (const [index, account] of accounts.rows.entries()) {
    const { code, legalName, currency, timeZone, taxId, bankAccountNumber } = account;
    const input = { code, legalName, currency, timeZone, taxId, bankAccountNumber };
    const { account: id } = await operations.countersigned(supervisor, 'account.open', input, `account/${code}`);
    const ids = new Map<string, string>();
    for (const lob of [0, 1, 2, 3].map((step) => lobs.rows[(index + step) % lobs.rows.length]!)) {
      const { result } = await operations.submit('lob.open', { accountId: id, code: lob.code, name: lob.name }, `lob/${code}/${lob.code}`);
      ids.set(lob.code, result.lob as string);
    }
    opened.set(code, { account, id: id as string, lobs: ids });
  }
  return opened;
}

const CLIENT_OF = 'BOFA';

/** The client's user is made and let in like any other: administration proposes, compliance approves. */
async function letClientIn({ admin, compliance, client }: Cast, opened: Opened): Promise<void> {
  const grant = { userId: client.id, role: 'client', accountId: opened.get(CLIENT_OF)!.id, reason: 'The client’s own view of its account' };
  await admin.countersigned(compliance, 'role.grant', grant, 'role/client');
}

/** Each agent works on a LOB of the service that they mostly handled. */
async function staff({ operations, supervisor }: Cast, opened: Opened): Promise<void> {
  const places = [...opened.values()];
  for (const [index, { code, name, mainType }] of agents.rows.entries()) {
    const { result } = await operations.submit('agent.hire', { code, name, hiredOn: '2010-08-01' }, `agent/${code}`);
    const offered = places.filter((place) => place.lobs.has(mainType));
    const lobId = offered[index % offered.length]!.lobs.get(mainType);
    await operations.submit('agent.assign', { agentId: result.agent, lobId, startsOn: '2010-08-01' }, `assign/${code}`);
    if (index !== 0) continue;
    const elsewhere = offered[(index + 1) % offered.length]!.lobs.get(mainType);
    const transfer = { agentId: result.agent, toLobId: elsewhere, startsOn: '2010-08-09', reason: 'More calls there' };
    await operations.countersigned(supervisor, 'agent.transfer', transfer, `transfer/${code}`);
  }
}

/** Prices per handled call and per minute of talk. */
const PRICES: Record<string, { call: string; minute: string; taxRate: string }> = {
  USD: { call: '0.85', minute: '0.4250', taxRate: '0' },
  INR: { call: '42.50', minute: '18.7500', taxRate: '18' },
  JPY: { call: '95', minute: '48.5', taxRate: '10' },
  KWD: { call: '0.260', minute: '0.1305', taxRate: '0' },
};

/** Minutes as an exact decimal, cut at ten places: the rate is per minute, the records are in seconds. */
const minutes = (seconds: number) => {
  const tenths = (BigInt(seconds) * 10n ** 10n) / 60n;
  return `${tenths / 10n ** 10n}.${String(tenths % 10n ** 10n).padStart(10, '0')}`;
};

const WEEKS = [0, 1, 2];

/** An invoice a week and account, over the calls of that week, of which each client has a share. */
async function bill({ billing, supervisor }: Cast, opened: Opened): Promise<Issued> {
  const issued: Issued = new Map();
  for (const { account, id, lobs: ids } of opened.values()) {
    const price = PRICES[account.currency]!;
    for (const week of WEEKS) {
      const lines = usage.rows.flatMap(({ lob, weeks }) => {
        const lobId = ids.get(lob);
        const calls = weeks[week]?.calls ?? 0;
        if (!lobId || calls === 0) return [];
        const { from, to, talkSeconds } = weeks[week]!;
        return [
          { lobId, description: `Handled calls, ${from} to ${to}`, quantity: String(calls), unitPrice: price.call, taxRate: price.taxRate },
          { lobId, description: `Minutes of talk, ${from} to ${to}`, quantity: minutes(talkSeconds), unitPrice: price.minute, taxRate: price.taxRate },
        ];
      });
      const key = `invoice/${account.code}/${week}`;
      const { result } = await billing.submit('invoice.draft', { accountId: id, lines, dueInDays: 30 }, key);
      if (week === 2) continue;
      await billing.countersigned(supervisor, 'invoice.issue', { invoiceId: result.invoice }, `${key}/issue`);
      issued.set(`${account.code}/${week}`, result.invoice as string);
    }
  }
  return issued;
}

const DAY = 86_400_000;

/** Complaints as they were filed, each step replayed at the instant at which it happened. */
async function complain({ operations, compliance }: Cast, opened: Opened): Promise<void> {
  const one = async ({ sourceId, accountCode, channel, category, product, receivedOn, timely, response }: (typeof complaints.rows)[number]) => {
    const { id, lobs: ids } = opened.get(accountCode)!;
    const received = new Date(`${receivedOn}T15:00:00Z`);
    const later = (days: number) => new Date(received.getTime() + days * DAY);
    const input = {
      accountId: id,
      lobId: [...ids.values()][Number(sourceId) % ids.size],
      channel,
      category,
      receivedAt: received.toISOString(),
      sourceReference: `CFPB ${sourceId}`,
      narrative: `About: ${product}. Filed with the regulator; the published record has no text of the consumer.`,
      customer: {
        name: `Consumer ${sourceId}`,
        email: `consumer.${sourceId}@example.com`,
        phone: `+1202555${sourceId.slice(-4)}`,
        cardNumber: CARDS[Number(sourceId) % CARDS.length],
      },
    };
    const key = `complaint/${sourceId}`;
    const { result } = await operations.submit('complaint.file', input, key, later(0.1));
    const complaintId = result.complaint;
    await operations.submit('complaint.acknowledge', { complaintId }, `${key}/acknowledge`, later(2));
    if (response === 'In progress') return;
    const resolution = /relief/.test(response) && !/non-monetary/.test(response) ? 'UPHELD' : /non-monetary/.test(response) ? 'PARTLY_UPHELD' : 'NOT_UPHELD';
    await compliance.submit('complaint.resolve', { complaintId, resolution, note: response }, `${key}/resolve`, later(timely ? 9 : 40));
  };
  // Four at a time: they are independent of each other.
  const queue = [...complaints.rows];
  await Promise.all([1, 2, 3, 4].map(async () => { for (let next = queue.shift(); next; next = queue.shift()) await one(next); }));
}

/** Card numbers that payment schemes publish for testing. */
const CARDS = ['4111111111111111', '5555555555554444', '378282246310005', '6011111111111117'];

/** Disputes in each state, and changes that wait for whoever signs in as a supervisor. */
async function leaveSomethingToDecide({ billing, supervisor, operations }: Cast, opened: Opened, issued: Issued, app: App): Promise<void> {
  const dispute = async (code: string, amount: string, reasonCode: string) => {
    const { currency } = opened.get(code)!.account;
    const invoiceId = issued.get(`${code}/0`);
    const { rows } = await app.database.pool.query<{ id: string }>('SELECT id FROM invoice_line WHERE invoice_id = $1 ORDER BY line_number LIMIT 1', [invoiceId]);
    const input = { invoiceId, reasonCode, items: [{ lineId: rows[0]!.id, amount: { amount, currency } }], note: 'By the client’s own records fewer.' };
    const { result } = await billing.submit('dispute.open', input, `dispute/${code}`);
    const items = await app.database.pool.query<{ id: string }>('SELECT id FROM dispute_item WHERE dispute_id = $1', [result.dispute]);
    const answer = (accepted: string, note: string) => ({
      disputeId: result.dispute,
      items: [{ itemId: items.rows[0]!.id, acceptedAmount: { amount: accepted, currency } }],
      note,
    });
    return { disputeId: result.dispute, answer };
  };
  await dispute(CLIENT_OF, '120.00', 'QUANTITY');
  const rejected = await dispute('CHASE', '75.50', 'RATE');
  await supervisor.submit('dispute.resolve', rejected.answer('0', 'The rate is the agreed one.'), 'dispute/CHASE/resolve');
  const conceded = await dispute('EQUIFAX', '300.00', 'DUPLICATE');
  await supervisor.submit('dispute.resolve', conceded.answer('180.00', 'Some calls were counted twice.'), 'dispute/EQUIFAX/resolve');
  const withdrawn = await dispute('EXPERIAN', '60.00', 'QUANTITY');
  await billing.submit('dispute.withdraw', { disputeId: withdrawn.disputeId, reason: 'The client found the records.' }, 'dispute/EXPERIAN/withdraw');

  const doubled = { invoiceId: issued.get('WELLSFARGO/1'), reason: 'Billed twice for the same week' };
  await billing.countersigned(supervisor, 'invoice.void', doubled, 'invoice/WELLSFARGO/1/void');
  await billing.submit('invoice.void', { invoiceId: issued.get(`${CLIENT_OF}/1`), reason: 'Wrong week' }, `invoice/${CLIENT_OF}/1/void`);
  const bank = { accountId: opened.get('EQUIFAX')!.id, bankAccountNumber: '000000009999', reason: 'New house bank from next month' };
  await operations.submit('account.change', bank, 'account/EQUIFAX/bank');
}
