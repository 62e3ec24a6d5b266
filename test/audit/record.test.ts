import { Agent } from '../../src/accounts/agent.entity';
import { record } from '../../src/audit/record';
import { ownContext } from '../../src/platform/context';
import { DomainError } from '../../src/platform/errors';
import { newId } from '../../src/platform/ids';
import { inTransaction, type Transaction } from '../../src/platform/transaction';
import { startTestApp, type TestApp } from '../support/app';
import { PASSWORD } from '../support/cast';
import { eventsOf, proposed } from '../support/outcomes';
import { freshCode, givenAccount, givenDraft, givenInvoice } from '../support/scene';
import { asOwner, countEverything, withEvents } from './support';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());

/** Ways in which the insert of an event may go wrong, and how an owner of the database brings them about. */
const BREAKS: [how: string, make: string[], undo: string[]][] = [
  [
    'fails',
    [
      `CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $x$ BEGIN RAISE EXCEPTION 'secret table full'; END $x$`,
      `CREATE TRIGGER broken BEFORE INSERT ON audit.event FOR EACH ROW EXECUTE FUNCTION broken()`,
    ],
    ['DROP TRIGGER broken ON audit.event', 'DROP FUNCTION broken()'],
  ],
  [
    'is swallowed by a trigger',
    [
      `CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $x$ BEGIN RETURN NULL; END $x$`,
      `CREATE TRIGGER broken BEFORE INSERT ON audit.event FOR EACH ROW EXECUTE FUNCTION broken()`,
    ],
    ['DROP TRIGGER broken ON audit.event', 'DROP FUNCTION broken()'],
  ],
  [
    'loses what it says',
    [
      `CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $x$ BEGIN RETURN NULL; END $x$`,
      `CREATE TRIGGER broken BEFORE INSERT ON audit.content FOR EACH ROW EXECUTE FUNCTION broken()`,
    ],
    ['DROP TRIGGER broken ON audit.content', 'DROP FUNCTION broken()'],
  ],
  [
    'is swallowed by a rule',
    [`CREATE RULE broken AS ON INSERT TO audit.event DO INSTEAD NOTHING`],
    ['DROP RULE broken ON audit.event'],
  ],
  [
    'is swallowed by a rule that pretends',
    [`CREATE RULE broken AS ON INSERT TO audit.event DO INSTEAD (SELECT NEW.id WHERE false)`],
    ['DROP RULE broken ON audit.event'],
  ],
  [
    'fails when it commits',
    [
      `CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $x$ BEGIN RAISE EXCEPTION 'secret at commit'; END $x$`,
      `CREATE CONSTRAINT TRIGGER broken AFTER INSERT ON audit.event DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION broken()`,
    ],
    ['DROP TRIGGER broken ON audit.event', 'DROP FUNCTION broken()'],
  ],
  [
    'is not allowed',
    [`REVOKE INSERT (bytes) ON audit.content FROM countersign_api`],
    [`GRANT INSERT (bytes) ON audit.content TO countersign_api`],
  ],
];

describe('nothing without a trace', () => {
  it.each(BREAKS)('when the insert of the event %s, the change is rolled back', async (_how, make, undo) => {
    const accountId = await givenAccount(t);
    const draftId = await givenDraft(t, accountId);
    const invoiceId = await givenInvoice(t, accountId);
    const waiting = await proposed(t, 'billing', 'voidInvoice', { invoiceId, reason: 'twice' });
    const other = await proposed(t, 'billing', 'issueInvoice', { invoiceId: draftId });
    const [grant] = await t.sql<{ id: string }>('SELECT id FROM role_grant WHERE user_id = $1', [
      t.as('billing2').userId,
    ]);
    const attempts: [Parameters<TestApp['as']>[0], string, object, string?][] = [
      ['operations', 'hireAgent', { code: freshCode('AG'), name: 'Agent', hiredOn: '2020-01-01' }],
      ['operations', 'openLob', { accountId, code: freshCode('L'), name: 'Cards', idempotencyKey: freshCode('K') }],
      ['operations', 'changeAccount', { accountId, legalName: 'Other Ltd' }],
      ['operations', 'changeAccount', { accountId, taxId: '98-7654321-000' }],
      ['billing', 'draftInvoice', { accountId, lines: [{ description: 'Calls', quantity: '1', unitPrice: '1' }] }],
      ['billing', 'voidInvoice', { invoiceId, reason: 'again' }],
      [
        'billing',
        'revealSensitiveValue',
        { type: 'Account', id: accountId, field: 'bankAccountNumber', reason: 'x' },
        'value',
      ],
      ['supervisor', 'approveChangeRequest', waiting],
      ['supervisor', 'rejectChangeRequest', { id: other.id, reason: 'no' }],
      ['billing', 'withdrawChangeRequest', { id: other.id }],
      ['admin', 'createUser', { name: 'New', email: `${freshCode('u')}@test.example`, password: PASSWORD }],
      ['admin', 'inviteUser', { name: 'New', email: `${freshCode('i')}@test.example` }],
      ['stranger', 'enrolTotp', {}],
      ['admin', 'revokeRole', { roleGrantId: grant!.id, reason: 'left' }],
      ['admin', 'deactivateUser', { userId: t.as('stranger').userId, reason: 'left' }],
    ];
    const rows = () =>
      t.sql(
        `SELECT (SELECT json_agg(a ORDER BY id) FROM account a) AS accounts, (SELECT json_agg(i ORDER BY id) FROM invoice i) AS invoices,
           (SELECT json_agg(c ORDER BY id) FROM change_request c) AS requests, (SELECT json_agg(to_jsonb(s) - 'last_seen_at' - 'idle_until' ORDER BY id) FROM session s) AS sessions,
           (SELECT json_agg(g ORDER BY id) FROM role_grant g) AS grants, (SELECT json_agg(u ORDER BY id) FROM app_user u) AS users`,
      );
    const [counted, stood] = [await countEverything(t), await rows()];
    await asOwner(t, async (owner) => {
      for (const statement of make) await owner.query(statement);
      try {
        for (const [who, mutation, input, selection] of attempts) {
          const { code, payload, text } = await t.as(who).mutate(mutation, input, selection ?? 'outcome');
          expect([mutation, code, payload ?? null]).toEqual([mutation, 'INTERNAL', null]);
          expect(text).not.toMatch(/secret|broken|audit|event|permission/i);
        }
        const signIn = await t.nobody.gql('mutation ($input: SignInInput!) { signIn(input: $input) { token } }', {
          input: { email: 'billing@test.example', password: PASSWORD },
        });
        expect([signIn.code, signIn.data]).toEqual(['INTERNAL', null]);
      } finally {
        for (const statement of undo) await owner.query(statement);
      }
    });
    expect(await countEverything(t)).toEqual(counted);
    expect(await rows()).toEqual(stood);
    // What was possible all along is possible again: it was the missing event alone that stopped it.
    expect(
      (await t.as('operations').mutate('changeAccount', { accountId, legalName: 'Other Ltd' }, 'outcome')).payload,
    ).toEqual({
      outcome: 'DONE',
    });
  });

  it('a refusal leaves its event although nothing else was saved', async () => {
    const accountId = await givenAccount(t);
    const before = await countEverything(t);
    const { answer, events } = await eventsOf(t, () =>
      t
        .as('operations')
        .mutate('changeAccount', { accountId, timeZone: 'Mars/Olympus', reason: 'moved', idempotencyKey: 'k1' }),
    );
    expect(answer.code).toBe('ZONE_UNKNOWN');
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({
      action: 'account.change',
      outcome: 'REFUSED',
      code: 'ZONE_UNKNOWN',
      actor: t.as('operations').userId,
      roles: ['operations'],
      subject: { type: 'Account', id: accountId },
      reason: 'moved',
      changes: [],
    });
    expect(await countEverything(t)).toEqual(withEvents(before, 1));
  });

  it('a failure of ours leaves an event that says FAILED, and tells nobody why', async () => {
    await t.sql('ALTER TABLE agent RENAME TO agent_gone');
    try {
      const { answer, events } = await eventsOf(t, () =>
        t
          .as('operations')
          .mutate('hireAgent', { code: freshCode('AG'), name: 'Agent', hiredOn: '2020-01-01' }, 'outcome'),
      );
      expect(answer.code).toBe('INTERNAL');
      expect(events.map(({ action, outcome, code }) => ({ action, outcome, code }))).toEqual([
        { action: 'agent.hire', outcome: 'FAILED', code: 'INTERNAL' },
      ]);
      expect(JSON.stringify(events)).not.toMatch(/relation|agent_gone|select|insert/i);
    } finally {
      await t.sql('ALTER TABLE agent_gone RENAME TO agent');
    }
  });

  describe('a transaction that saves but records nothing throws', () => {
    const agent = () => ({ id: newId(), code: freshCode('AG'), name: 'Agent', hiredOn: '2020-01-01' }) as Agent;
    const own = () => ownContext(t.served.app, 'a test of transactions');
    const told = (tx: Transaction) => record(tx, { action: 'agent.hired', outcome: 'DONE', subjectType: 'Agent' });

    it.each([
      ['an insert', (tx: Transaction) => tx.insert(Agent, agent())],
      ['several rows', (tx: Transaction) => tx.insert(Agent, [agent(), agent()])],
      [
        'a statement',
        (tx: Transaction) =>
          tx.write(`INSERT INTO agent (id, code, name, hired_on) VALUES ($1, $2, 'x', '2020-01-01') RETURNING id`, [
            newId(),
            freshCode('AG'),
          ]),
      ],
    ])('%s', async (_what, save) => {
      const before = await countEverything(t);
      await expect(inTransaction(own(), async (tx) => void (await save(tx)))).rejects.toThrow(/recorded nothing/);
      expect(await countEverything(t)).toEqual(before);
    });

    it('a change of a row', async () => {
      const { payload } = await t
        .as('operations')
        .mutate('hireAgent', { code: freshCode('AG'), name: 'Agent', hiredOn: '2020-01-01' }, 'agent { id }');
      const { id } = payload.agent;
      const work = (andTell: boolean) =>
        inTransaction(own(), async (tx) => {
          await tx.update(await tx.lock(Agent, id), {});
          if (andTell) await told(tx);
        });
      await expect(work(false)).rejects.toThrow(/recorded nothing/);
      expect(await t.sql('SELECT version FROM agent WHERE id = $1', [id])).toEqual([{ version: 1 }]);
      await work(true);
      expect(await t.sql('SELECT version FROM agent WHERE id = $1', [id])).toEqual([{ version: 2 }]);
    });

    it('but one that only looks, or saves and records, does not', async () => {
      await expect(inTransaction(own(), (tx) => tx.find(Agent, {}))).resolves.toEqual(expect.any(Array));
      const before = await countEverything(t);
      await inTransaction(own(), async (tx) => {
        await tx.insert(Agent, agent());
        await told(tx);
      });
      expect(await countEverything(t)).toEqual({
        ...withEvents(before, 1),
        agent: before.agent! + 1,
      });
    });

    it('an event is rolled back with the change that it tells of', async () => {
      const before = await countEverything(t);
      const work = inTransaction(own(), async (tx) => {
        await tx.insert(Agent, agent());
        await told(tx);
        throw new DomainError('SOME_CODE', 'later on');
      });
      await expect(work).rejects.toMatchObject({ code: 'SOME_CODE' });
      expect(await countEverything(t)).toEqual(before);
    });
  });
});
