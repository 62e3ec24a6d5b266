import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { actorById } from '../../src/access/identify';
import { type RoleName, roleNames } from '../../src/access/permissions';
import { ownContext } from '../../src/platform/context';
import { newId } from '../../src/platform/ids';
import { pooled } from '../../src/platform/pooled';
import { refusalCodeOf } from '../../src/platform/shown-error';
import { startTestApp, type TestApp } from '../support/app';
import { USERS } from '../support/cast';
import { givenAccount } from '../support/scene';
import { documented, MATRIX, type Relation, RELATIONS, type Waits } from './matrix';

const RELATION_NAMES = Object.keys(RELATIONS) as Relation[];
const OPERATIONS = Object.keys(MATRIX);

let t: TestApp;
let accountId: string;
/** Somebody of each role in each place, and whoever made what the others are asked about. */
const people = new Map<string, string>();
const maker = newId();

beforeAll(async () => {
  t = await startTestApp();
  accountId = await givenAccount(t);
  await givenPerson(maker, 'operations');
  for (const relation of RELATION_NAMES)
    for (const role of roleNames) {
      const id = newId();
      people.set(`${role} ${relation}`, id);
      // All users of a person name the first of them.
      await givenPerson(id, role, relation === 'samePerson' ? maker : null);
    }
  const standIn = (from: string, to: string) =>
    t.sql(
      `INSERT INTO delegation (id, delegator_id, delegate_id, starts_at, ends_at, reason)
        VALUES (gen_random_uuid(), $1, $2, now() - interval '1 hour', now() + interval '1 hour', 'a test')`,
      [from, to],
    );
  for (const role of roleNames) {
    await standIn(maker, person(role, 'delegateOfMaker'));
    for (const decider of ['admin', 'supervisor', 'compliance'] as const)
      await standIn(person(decider, 'other'), person(role, 'delegateOfApprover'));
  }
});
afterAll(() => t.close());

const person = (role: RoleName, relation: Relation): string => people.get(`${role} ${relation}`)!;

async function givenPerson(id: string, role: RoleName, personId: string | null = null): Promise<void> {
  await t.sql(
    `INSERT INTO app_user (id, name, email, password_hash, person_id) VALUES ($1::uuid, 'Somebody', $1::uuid || '@matrix.test', '', $2)`,
    [id, personId],
  );
  await t.sql(
    `INSERT INTO role_grant (id, user_id, role, account_id, granted_by_id) VALUES (gen_random_uuid(), $1, $2, $3, $4)`,
    [id, role, role === 'client' ? accountId : null, t.as('admin').userId],
  );
}

/** A request of an operation that waits as its standard policy says, as if it had been proposed. */
async function waiting(operation: string, by: string, assigneeId: string | null = null): Promise<string> {
  const id = newId();
  await t.sql(
    `INSERT INTO change_request (id, operation, revision, status, digest, subject_type, maker_id, input_sealed, input_shown, changes, seen,
        policy_id, policy_version, steps, approver_roles, assignee_id, expires_at)
      SELECT $1, p.operation, 1, 'PENDING', repeat('1', 64), 'Account', $3, '\\x01', '{}', '[]', '[]', p.id, p.version, p.steps,
        ARRAY(SELECT jsonb_array_elements_text(p.steps #> '{0,roles}')), $4, now() + interval '1 day'
      FROM approval_policy p WHERE p.operation = $2 AND p.name = 'standard'`,
    [id, operation, by, assigneeId],
  );
  return id;
}

/** What a yes comes to: one to another digest is refused with CHANGE_REQUEST_MOVED exactly when all else would let it through. */
async function approving(id: string, who: string): Promise<string | null> {
  const { app } = t.served;
  const context = {
    ...ownContext(app, `matrix-${randomUUID()}`),
    actor: await actorById(pooled(app), who, app.clock()),
  };
  const said = { id, revision: 1, digest: '0'.repeat(64) };
  return app.submit(context, 'changeRequest.approve', said).then(() => null, refusalCodeOf);
}

/** Who can decide nothing at all is asked in two places only: to stand in for somebody who can is no way in. */
const placesOf = (role: RoleName): Relation[] =>
  Object.values(MATRIX).some(({ nameable }) => nameable.includes(role))
    ? RELATION_NAMES
    : ['other', 'delegateOfApprover'];

/** What a request is like in which somebody stands so; null where that cannot be. */
function requestFor(operation: string, role: RoleName, relation: Relation, shared: string): Promise<string> | null {
  const [decider] = MATRIX[operation]!.deciders;
  if (relation === 'maker') return waiting(operation, person(role, relation));
  if (relation === 'notAssignee') return waiting(operation, maker, person(decider!, 'other'));
  if (relation !== 'assignee') return Promise.resolve(shared);
  return MATRIX[operation]!.deciders.includes(role) ? waiting(operation, maker, person(role, relation)) : null;
}

function expected(operation: string, role: RoleName, relation: Relation): string {
  const { deciders, nameable } = MATRIX[operation]!;
  if (role === 'client') return 'NOT_FOUND';
  if (!nameable.includes(role)) return 'FORBIDDEN';
  const { decider, another } = RELATIONS[relation];
  const says = deciders.includes(role) ? decider : another!;
  return says.startsWith('yes') ? 'CHANGE_REQUEST_MOVED' : says;
}

describe('who may decide what', () => {
  it('has a line for each operation that can be put under approval', () => {
    const never =
      /^(changeRequest\.|password\.change$|sensitiveValue\.(reveal|find)$|session\.|(webhook|apiKey)Secret\.draw$|passwordToken\.draw$|totp\.|recoveryCodes\.draw$)/;
    expect(OPERATIONS.toSorted()).toEqual(t.served.app.catalogue.names.filter((name) => !never.test(name)).toSorted());
  });

  it('waits by default for whom the table says', async () => {
    const fields = (row: Record<string, any>): Waits => {
      if (t.served.app.catalogue.find(row.operation).twoPeople) return 'always';
      if (!row.active) return 'when switched on';
      if (row.when_fields) return 'if it changes bank account number or tax id';
      return row.when_amount_above_minor === null ? 'by default' : 'if money is accepted';
    };
    const rows = await t.sql(`SELECT * FROM approval_policy WHERE operation = ANY ($1)`, [OPERATIONS]);
    expect(
      Object.fromEntries(rows.map((row) => [row.operation, { waits: fields(row), deciders: row.steps[0].roles }])),
    ).toEqual(
      Object.fromEntries(Object.entries(MATRIX).map(([name, { waits, deciders }]) => [name, { waits, deciders }])),
    );
  });

  it.each(OPERATIONS)('%s, of every role in every place', async (operation) => {
    const shared = await waiting(operation, maker);
    const cases = roleNames.flatMap((role) => placesOf(role).map((relation) => ({ role, relation })));
    const answers = await Promise.all(
      cases.map(async ({ role, relation }) => {
        const request = requestFor(operation, role, relation, shared);
        if (!request) return [];
        const code = await approving(await request, person(role, relation));
        return [{ role, relation, code, wanted: expected(operation, role, relation) }];
      }),
    );
    const wrong = answers.flat().filter(({ code, wanted }) => code !== wanted);
    expect(wrong).toEqual([]);
  });

  it('lets nobody through the door who decides nothing', async () => {
    const id = await waiting('role.grant', maker);
    const codes: Record<string, string | undefined> = {};
    for (const { name, role } of USERS)
      codes[role ?? 'none'] = (
        await t.as(name).mutate('approveChangeRequest', { id, revision: 1, digest: '0'.repeat(64) }, 'outcome')
      ).code;
    expect(codes).toEqual({
      admin: 'CHANGE_REQUEST_MOVED',
      compliance: 'CHANGE_REQUEST_MOVED',
      supervisor: 'NOT_AN_APPROVER',
      billing: 'FORBIDDEN',
      operations: 'FORBIDDEN',
      auditor: 'FORBIDDEN',
      none: 'FORBIDDEN',
    });
  });

  it('is what docs/APPROVALS.md says: WRITE_MATRIX=1 writes it there', () => {
    const { file, is, shouldBe } = documented();
    if (process.env.WRITE_MATRIX) writeFileSync(file, shouldBe);
    else expect(is).toBe(shouldBe);
  });
});
