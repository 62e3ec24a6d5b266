import { startTestApp, type TestApp } from '../support/app';
import { trail } from '../support/scene';

let t: TestApp;
beforeEach(async () => {
  t = await startTestApp();
});
afterEach(() => t.close());

const told = () => trail(t, `action = 'audit.read'`);
const patience = async () => {
  const deadline = Date.now() + 20_000;
  while ((await told()).length === 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 100));
};

const PAGE = 'query ($of: String) { auditEvents(first: 1, filter: { action: $of }) { nodes { id } } }';

describe('who reads the trail stands in the trail', () => {
  it('once for several readings, with what was asked', async () => {
    for (let n = 0; n < 5; n += 1) await t.as('auditor').gql(PAGE, { of: 'card 4111 1111 1111 1111' });
    await t.as('auditor').gql('{ auditEvent(id: "nothing") { id } }');
    await t.as('compliance').gql('{ a: auditEvents(first: 1) { totalCount } }');
    await patience();
    const events = await told();
    expect(new Set(events.map(({ actor }) => actor))).toEqual(
      new Set([t.as('auditor').userId, t.as('compliance').userId]),
    );
    expect(events).toHaveLength(2);
    const auditor = events.find(({ actor }) => actor === t.as('auditor').userId)!;
    expect(auditor).toMatchObject({ outcome: 'DONE', roles: ['auditor'], subject: { type: 'AuditEvent', id: null } });
    expect(auditor.session).toEqual(expect.any(String));
    const [reads, ...asked] = auditor.changes;
    expect(reads).toEqual({ path: 'reads', before: null, after: 6 });
    expect(asked).toHaveLength(2);
    expect(asked[0].after.document).toBe(PAGE);
    expect(asked[0].after.variables).toBe('{"of":"card 411111••••••1111"}');
  });

  it('also what is answered field by field, and what is told when the server stops', async () => {
    // Introspection beside data is answered the ordinary way.
    await t.as('auditor').gql('{ __typename __schema { queryType { name } } auditEvents(first: 1) { totalCount } }');
    await t.served.stop();
    expect(await told()).toHaveLength(1);
  });

  it('but not what is refused, or who reads something else', async () => {
    await t.as('billing').gql('{ auditEvents(first: 1) { totalCount } }');
    await t.as('auditor').gql('{ accounts { totalCount } auditCheckpoints { totalCount } }');
    await t.served.stop();
    expect(await told()).toEqual([]);
  });

  it('a flood of readings is one event with few questions', async () => {
    for (let n = 0; n < 40; n += 1) await t.as('auditor').gql(`${PAGE} # ${'long '.repeat(500)}${n}`, { of: `x${n}` });
    await t.served.stop();
    const events = await told();
    const changes = events.flatMap((event) => event.changes);
    expect(changes.filter(({ path }) => path === 'reads').reduce((sum, { after }) => sum + after, 0)).toBe(40);
    expect(changes.filter(({ path }) => path === 'asked').length).toBeLessThanOrEqual(10 * events.length);
    expect(events.length).toBeLessThan(4);
    expect(changes.at(-1).after.document).toMatch(/… sha256 [0-9a-f]{64}$/);
  });
});
