import { startTestApp, type TestApp } from '../support/app';
import { trail } from '../support/scene';

let t: TestApp;
beforeEach(async () => {
  t = await startTestApp();
});
afterEach(() => t.close());

const told = () => trail(t, `action = 'audit.read'`);
const readsIn = (events: Record<string, any>[]): number =>
  events.reduce((sum, { changes: [reads] }) => sum + (reads.after as number), 0);
const askedIn = (events: Record<string, any>[]): { document: string; variables: string }[] =>
  events.flatMap(({ changes }) => changes.slice(1).map(({ after }: { after: object }) => after));

const PAGE = 'query ($of: String) { auditEvents(first: 1, filter: { action: $of }) { nodes { id } } }';

describe('who reads the trail stands in the trail', () => {
  it('once for several readings, with what was asked', async () => {
    for (let n = 0; n < 5; n += 1) await t.as('auditor').gql(PAGE, { of: 'card 4111 1111 1111 1111' });
    await t.as('auditor').gql('{ auditEvent(id: "nothing") { id } }');
    await t.as('compliance').gql('{ a: auditEvents(first: 1) { totalCount } }');
    await t.served.stop();
    const events = await told();
    // On a machine that takes its time these may be more than one event each.
    const of = (who: 'auditor' | 'compliance') => events.filter(({ actor }) => actor === t.as(who).userId);
    expect(of('auditor').length + of('compliance').length).toBe(events.length);
    expect([readsIn(of('auditor')), readsIn(of('compliance'))]).toEqual([6, 1]);
    const [first] = of('auditor');
    expect(first).toMatchObject({ outcome: 'DONE', roles: ['auditor'], subject: { type: 'AuditEvent', id: null } });
    expect(first!.session).toEqual(expect.any(String));
    const asked = askedIn(of('auditor'));
    expect(new Set(asked.map(({ document }) => document))).toEqual(
      new Set([PAGE, '{ auditEvent(id: "nothing") { id } }']),
    );
    expect(asked[0]).toEqual({ document: PAGE, variables: '{"of":"card 411111••••••1111"}' });
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
    const began = performance.now();
    for (let n = 0; n < 40; n += 1) await t.as('auditor').gql(`${PAGE} # ${'long '.repeat(500)}${n}`, { of: `x${n}` });
    await t.served.stop();
    const events = await told();
    expect(readsIn(events)).toBe(40);
    expect(events.length).toBeLessThanOrEqual(1 + Math.ceil((performance.now() - began) / 5_000));
    expect(askedIn(events).length).toBeLessThanOrEqual(10 * events.length);
    expect(askedIn(events).at(-1)!.document).toMatch(/… sha256 [0-9a-f]{64}$/);
  });
});
