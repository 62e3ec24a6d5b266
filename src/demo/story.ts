import 'reflect-metadata';
import { mkdtempSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { createApp } from '../app';
import { loadConfig } from '../config';
import { openDatabase } from '../open-database';
import { discardCluster } from '../platform/embedded-postgres';
import { loadDemoData } from './load';

/** `npm run demo`: the main story over HTTP, on a server and a database of its own that are gone afterwards. */
async function main(): Promise<void> {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'countersign-demo-'));
  const password = 'a password for this story';
  const config = loadConfig(undefined, {
    DATA_DIRECTORY: directory,
    DATABASE_URL: undefined,
    LOG_LEVEL: 'silent',
    DEMO_PASSWORD: password,
    PORT: '0',
  });
  const open = await openDatabase(config);
  try {
    const served = await createApp(config, open.database);
    await loadDemoData(served.app, say);
    await new Promise<void>((resolve) => served.server.listen(0, '127.0.0.1', resolve));
    const { port } = served.server.address() as AddressInfo;
    await tell(new Api(`http://127.0.0.1:${port}/graphql`, password));
    await served.stop();
  } finally {
    await open.close();
    discardCluster(directory);
  }
}

interface Request {
  id: string;
  revision: number;
  digest: string;
  status: string;
  changes: { path: string; before: unknown; after: unknown }[];
}

async function tell(api: Api): Promise<void> {
  const billing = await api.signIn('billing');
  const supervisor = await api.signIn('supervisor');
  const auditor = await api.signIn('auditor');

  const { invoices } = await api.ask(
    billing,
    `{ invoices(first: 1, filter: { status: ISSUED, disputed: false }) { nodes { id number total { amount currency } } } }`,
  );
  const invoice = (invoices as { nodes: { id: string; number: string; total: { amount: string; currency: string } }[] })
    .nodes[0]!;
  say(`\n1  billing proposes to void ${invoice.number} over ${invoice.total.amount} ${invoice.total.currency}`);
  const proposed = await api.ask(
    billing,
    `mutation ($id: ID!) { voidInvoice(input: { invoiceId: $id, reason: "Billed twice" }) {
      outcome invoice { status } changeRequest { id revision digest status changes { path before after } } } }`,
    { id: invoice.id },
  );
  const {
    outcome,
    invoice: untouched,
    changeRequest,
  } = proposed.voidInvoice as { outcome: string; invoice: { status: string }; changeRequest: Request };
  say(`   ${outcome}; the invoice is still ${untouched.status}`);
  for (const { path: field, before, after } of changeRequest.changes)
    say(`   would change ${field}: ${JSON.stringify(before)} → ${JSON.stringify(after)}`);

  say('\n2  billing tries to approve it');
  const { id, revision, digest } = changeRequest;
  const approval = `mutation ($input: ApproveChangeRequestInput!) { approveChangeRequest(input: $input) { changeRequest { status } } }`;
  say(`   ${await api.refusal(billing, approval, { input: { id, revision, digest } })}`);

  say('\n3  the supervisor approves something that is not quite what lies there');
  say(
    `   ${await api.refusal(supervisor, approval, { input: { id, revision, digest: digest.replace(/^./, (first) => (first === '0' ? '1' : '0')) } })}`,
  );

  say('\n4  the supervisor approves exactly what was seen');
  const approved = await api.ask(supervisor, approval, {
    input: { id, revision, digest, comment: 'Checked with the client' },
  });
  say(`   ${(approved.approveChangeRequest as { changeRequest: Request }).changeRequest.status}`);
  const after = await api.ask(
    billing,
    `query ($id: ID!) { invoice(id: $id) { number status openAmount { amount } } }`,
    { id: invoice.id },
  );
  say(`   ${JSON.stringify(after.invoice)}`);

  say('\n5  administration grants a role and tries to approve that, too; then compliance does');
  const admin = await api.signIn('admin');
  const compliance = await api.signIn('compliance');
  const granted = await api.ask(
    admin,
    `mutation ($user: ID!) { grantRole(input: { userId: $user, role: operations, reason: "Covers for a colleague" }) { changeRequest { id revision digest status changes { path before after } } } }`,
    { user: billing.userId },
  );
  const grant = (granted.grantRole as { changeRequest: Request }).changeRequest;
  const input = { id: grant.id, revision: grant.revision, digest: grant.digest };
  say(`   ${await api.refusal(admin, approval, { input })}`);
  await api.ask(compliance, approval, { input });
  say('   approved by compliance');

  say('\n6  the auditor reads the trail of it, earliest first');
  const { auditEvents } = await api
    .ask(
      auditor,
      `query ($subject: ID!, $grant: ID!) {
      auditEvents(first: 100, orderBy: AT_ASC, filter: { subjectId: $subject }) { nodes { at action outcome code actor { name } onBehalfOf { name } reason } }
      tries: auditEvents(first: 100, orderBy: AT_ASC, filter: { outcome: REFUSED }) { nodes { at action outcome code actor { name } onBehalfOf { name } reason } }
      grant: auditEvents(first: 100, orderBy: AT_ASC, filter: { changeRequestId: $grant }) { nodes { at action outcome code actor { name } onBehalfOf { name } reason } }
    }`,
      { subject: invoice.id, grant: grant.id },
    )
    .then((answer) => ({ auditEvents: [answer.auditEvents, answer.tries, answer.grant] as { nodes: Event[] }[] }));
  const events = auditEvents.flatMap(({ nodes }) => nodes).toSorted((one, other) => (one.at < other.at ? -1 : 1));
  for (const { at, action, outcome: how, code, actor, onBehalfOf, reason } of events) {
    const who = `${actor?.name ?? '—'}${onBehalfOf ? ` for ${onBehalfOf.name}` : ''}`;
    say(
      `   ${at}  ${action.padEnd(24)} ${[how, code].filter(Boolean).join(' ').padEnd(32)} ${who}${reason ? ` — ${reason}` : ''}`,
    );
  }
}

interface Event {
  at: string;
  action: string;
  outcome: string;
  code: string | null;
  actor: { name: string } | null;
  onBehalfOf: { name: string } | null;
  reason: string | null;
}

interface Session {
  token: string;
  userId: string;
}

/** A client of the public API and nothing else. */
class Api {
  constructor(
    private readonly url: string,
    private readonly password: string,
  ) {}

  async signIn(role: string): Promise<Session> {
    const answer = await this.ask(
      null,
      `mutation ($input: SignInInput!) { signIn(input: $input) { token viewer { id } } }`,
      {
        input: { email: `${role}@demo.countersign.test`, password: this.password },
      },
    );
    const { token, viewer } = answer.signIn as { token: string; viewer: { id: string } };
    return { token, userId: viewer.id };
  }

  async ask(session: Session | null, query: string, variables: object = {}): Promise<Record<string, unknown>> {
    const { data, errors } = await this.post(session, query, variables);
    if (errors || !data) throw new Error(JSON.stringify(errors));
    return data;
  }

  /** What must be refused: the code and the words of the refusal. */
  async refusal(session: Session, query: string, variables: object): Promise<string> {
    const { errors } = await this.post(session, query, variables);
    if (!errors?.[0]) throw new Error('This should have been refused.');
    return `refused: ${errors[0].extensions.code} — ${errors[0].message}`;
  }

  private async post(session: Session | null, query: string, variables: object): Promise<GraphQLAnswer> {
    const response = await fetch(this.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(session && { authorization: `Bearer ${session.token}` }) },
      body: JSON.stringify({ query, variables }),
    });
    return (await response.json()) as GraphQLAnswer;
  }
}

interface GraphQLAnswer {
  data?: Record<string, unknown> | null;
  errors?: { message: string; extensions: { code: string } }[];
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
});
