import { randomBytes } from 'node:crypto';
import { makeFirstUsers } from '../first-users';
import type { App } from '../platform/context';
import accounts from './data/accounts.json';
import agents from './data/agents.json';
import lobs from './data/lobs.json';
import { complain } from './load-complaints';
import { bill, disputeAndVoid } from './load-invoices';
import { type Cast, CLIENT_OF, type Opened, Person, ROLES } from './people';

const DOMAIN = 'demo.countersign.test';

/**
 * Loads the demonstration into an empty database, through the operations themselves, with a maker and a checker: its trail
 * is as real as any. Every step has its idempotency key, so that a load that was interrupted goes on where it stopped.
 * Returns what to tell whoever started it; the password only at the start that made it.
 */
export async function loadDemoData(app: App, say: (line: string) => void): Promise<string[]> {
  const password = app.config.demoPassword ?? randomBytes(12).toString('base64url');
  const users = ROLES.map((role) => ({
    name: `Demo ${role}`,
    email: `${role}@${DOMAIN}`,
    password,
    role: role === 'client' ? null : role,
  }));
  const made = await makeFirstUsers(app, users);
  const secret = `The password of all of them is ${password} (shown at this start only).`;
  // At once, too: a load that is interrupted must not take it along.
  if (made && !app.config.demoPassword) say(secret);
  const cast = await castOf(app);
  if (!cast) return [];
  if (!(await isComplete(app))) {
    say('Loading the demonstration data …');
    const opened = await openAccounts(cast);
    await letClientIn(cast, opened);
    await staff(cast, opened);
    const issued = await bill(cast, opened);
    await complain(cast, opened);
    await disputeAndVoid(cast, opened, issued, app);
    await proposeNewBank(cast, opened);
  }
  return [
    `Sign in as ${ROLES.map((role) => `${role}@${DOMAIN}`).join(', ')}.`,
    made
      ? app.config.demoPassword
        ? 'The password is that of DEMO_PASSWORD.'
        : secret
      : 'The password is the one that was shown, or set by DEMO_PASSWORD, at the first start.',
  ];
}

/** The last step: when it is done, all of it is. */
const LAST = 'account/EQUIFAX/bank';

async function proposeNewBank({ operations }: Cast, opened: Opened): Promise<void> {
  const accountId = opened.get('EQUIFAX')!.id;
  const bank = { accountId, bankAccountNumber: '000000009999', reason: 'New house bank from next month' };
  await operations.submit('account.change', bank, LAST);
}

async function isComplete(app: App): Promise<boolean> {
  const { rowCount } = await app.database.pool.query('SELECT FROM idempotency_key WHERE key = $1', [`demo/${LAST}`]);
  return rowCount === 1;
}

/** The users of the demonstration, or null where the database has others. */
async function castOf(app: App): Promise<Cast | null> {
  const { rows } = await app.database.pool.query<{ id: string; email: string }>(
    'SELECT id, email FROM app_user WHERE email = ANY($1)',
    [ROLES.map((role) => `${role}@${DOMAIN}`)],
  );
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
      const { result } = await operations.submit(
        'lob.open',
        { accountId: id, code: lob.code, name: lob.name },
        `lob/${code}/${lob.code}`,
      );
      ids.set(lob.code, result.lob as string);
    }
    opened.set(code, { account, id: id as string, lobs: ids });
  }
  return opened;
}

/** The client's user is made and let in like any other: administration proposes, compliance approves. */
async function letClientIn({ admin, compliance, client }: Cast, opened: Opened): Promise<void> {
  const grant = {
    userId: client.id,
    role: 'client',
    accountId: opened.get(CLIENT_OF)!.id,
    reason: 'The client’s own view of its account',
  };
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
