import fc from 'fast-check';
import { startTestApp, type TestApp } from '../support/app';
import { ApprovalsHouse, type RequestNow } from './model/approvals-house';
import { type Deed, DEEDS, someSteps } from './model/deeds';
import {
  ApprovalsModel,
  CAST,
  type Delegation,
  HOUR,
  personOf,
  type PolicyName,
  type Who,
} from './model/approvals-model';

/** How many runs, and from which seed: `MODEL_RUNS=1000 MODEL_SEED=7 npx jest test/approvals/model`. */
const RUNS = Number(process.env.MODEL_RUNS ?? 12);
const SEED = Number(process.env.MODEL_SEED ?? Math.floor(Math.random() * 2 ** 31));
const COMMANDS = 30;
const SECONDS = 90 + RUNS * 4;

let t: TestApp;
let ids: Record<PolicyName, string>;
beforeAll(async () => {
  t = await startTestApp({ REFUSALS_PER_SECOND: '0' });
  await t.sql(`INSERT INTO approval_policy (id, operation, name, active, steps, expires_after_hours)
    SELECT gen_random_uuid(), operation, 'strict', false, steps, 24 FROM approval_policy WHERE operation = 'account.change'`);
  const policy = async (operation: string, name: string) =>
    (
      await t.sql<{ id: string }>('SELECT id FROM approval_policy WHERE operation = $1 AND name = $2', [
        operation,
        name,
      ])
    )[0]!.id;
  ids = {
    bank: await policy('account.change', 'standard'),
    strict: await policy('account.change', 'strict'),
    hire: await policy('agent.hire', 'standard'),
  };
});
afterAll(() => t.close());

/** What waits when a run begins, so that there is something to decide. */
const AT_FIRST: Deed[] = [
  { do: 'propose', who: 'maker', asked: { kind: 'bank', account: 0, digits: '000123456789' } },
  { do: 'propose', who: 'both', asked: { kind: 'hire', code: 0 } },
  { do: 'delegate', from: 'carl', to: 'ben', starts: 0, hours: 96, operation: 'account.change', account: null },
];

type Command = fc.AsyncCommand<ApprovalsModel, ApprovalsHouse>;

const carriedOut = new Map<string, number>();

/** Which request a number names. */
function chosen({ requests }: ApprovalsModel, number: number): number {
  const waiting = requests.flatMap(({ status }, index) =>
    ['PENDING', 'RETURNED', 'STALE'].includes(status) ? [index] : [],
  );
  return number < 8 && waiting.length > 0 ? waiting[number % waiting.length]! : number % requests.length;
}

class Does implements Command {
  constructor(private readonly deed: Deed) {}

  check = ({ requests }: Readonly<ApprovalsModel>): boolean => !('request' in this.deed) || requests.length > 0;

  async run(model: ApprovalsModel, house: ApprovalsHouse): Promise<void> {
    const expected = await this.both(model, house);
    if (!expected) return;
    const [answer, wanted] = expected;
    const what = `${this.deed.do} ${answer}`;
    carriedOut.set(what, (carriedOut.get(what) ?? 0) + 1);
    expect({ answer, events: await house.events() }).toEqual(wanted);
    await agree(model, house);
  }

  /** Does it in both; what the house answered, and what it should have. Null where there was nothing to do. */
  private async both(
    model: ApprovalsModel,
    house: ApprovalsHouse,
  ): Promise<[string, { answer: string; events: unknown }] | null> {
    const { deed } = this;
    const index = 'request' in deed ? chosen(model, deed.request) : 0;
    const id = house.requests[index];
    const any = { events: expect.anything() };
    switch (deed.do) {
      case 'propose':
        return [await house.propose(deed.who, deed.asked), model.propose(deed.who, deed.asked)];
      case 'revise': {
        const { maker: made, operation } = model.requests[index]!;
        const [by, next] = [deed.who ?? made, deed.asked[operation]];
        return [await house.revise(by, index, next), model.revise(index, by, next)];
      }
      case 'withdraw': {
        const by = deed.who ?? model.requests[index]!.maker;
        return [await house.submit(by, 'changeRequest.withdraw', { id }), model.withdraw(index, by)];
      }
      case 'approve':
        return [await house.approve(deed.who, index, deed.sawIt), model.approve(index, deed.who, deed.sawIt)];
      case 'reject':
      case 'return':
        return [
          await house.submit(deed.who, `changeRequest.${deed.do}`, { id, reason: 'a test' }),
          model.refuse(index, deed.who, deed.do),
        ];
      case 'wait':
        model.now += deed.hours * HOUR;
        t.clock.at = new Date(model.now);
        return ['DONE', { answer: 'DONE', events: [] }];
      case 'role': {
        const { roles, active } = model.users.get(deed.who)!;
        if (!active) return null;
        const held = !roles.has(deed.role);
        await house.setRole(deed.who, deed.role, held);
        if (held) roles.add(deed.role);
        else roles.delete(deed.role);
        return ['DONE', { answer: 'DONE', ...any }];
      }
      case 'deactivate':
        if (!model.users.get(deed.who)!.active) return null;
        model.leave(deed.who);
        return [await house.deactivate(deed.who), { answer: 'DONE', ...any }];
      case 'policy': {
        const people = (deed.patch.steps ?? []).flatMap((step) => step.people);
        const unfit = people.some((each) => !model.users.get(each)!.active)
          ? 'NOT_FOUND'
          : people.some((each) => !model.may(each, 'approve'))
            ? 'POLICY_PERSON_UNFIT'
            : null;
        if (!unfit) Object.assign(model.policies[deed.name], deed.patch);
        return [await house.changePolicy(deed.name, deed.patch), { answer: unfit ?? 'DONE', ...any }];
      }
      case 'delegate': {
        if (deed.from === deed.to) return null;
        const starts = model.now + deed.starts * HOUR;
        const { from, to, operation, account: of } = deed;
        const delegation: Delegation = {
          from,
          to,
          starts,
          ends: starts + deed.hours * HOUR,
          operation,
          account: of,
          revoked: false,
        };
        model.delegations.push(delegation);
        await house.delegate(delegation);
        return ['DONE', { answer: 'DONE', events: [] }];
      }
      case 'revokeDelegation': {
        const which = deed.which % Math.max(1, model.delegations.length);
        const delegation = model.delegations[which];
        if (!delegation || delegation.revoked) return null;
        delegation.revoked = true;
        await house.revokeDelegation(which);
        return ['DONE', { answer: 'DONE', events: [] }];
      }
      case 'assign': {
        const waits = model.requests[index]!;
        if (waits.status !== 'PENDING') return null;
        waits.assignee = deed.who;
        await house.assign(index, deed.who);
        return ['DONE', { answer: 'DONE', events: [] }];
      }
    }
  }

  toString = (): string => JSON.stringify(this.deed);
}

/** Everything that there is to see of every request, to whoever could decide it. */
async function agree(model: ApprovalsModel, house: ApprovalsHouse): Promise<void> {
  const rows = await house.look();
  expect(rows).toEqual(
    model.requests.map((each) => ({
      maker: each.maker,
      status: each.status,
      revision: each.revision,
      revisions: each.revision - 1,
      expires: each.expires,
      assignee: each.assignee,
      steps: model.stepsOf(each).map(({ approvals, quorum, open }) => ({ approvals, quorum, open })),
      decisions: each.decisions.map(({ by, behalf, step, verdict, revision }) => ({
        by,
        behalf,
        step,
        verdict,
        revision,
      })),
      standings:
        each.status === 'PENDING' ? Object.fromEntries(CAST.map((who) => [who, model.standing(each, who)])) : {},
    })),
  );
  rows.forEach(assertDecidedByOthers);
  if (++house.turn % 4 === 0) await agreeFor(model, house, CAST[(house.turn / 4) % CAST.length]!);
}

/** Whatever was carried out had each step's quorum, of different people, none of whom made it: said of the rows alone. */
function assertDecidedByOthers({ status, revision, decisions, steps, maker }: RequestNow): void {
  const said = decisions.filter((each) => each.revision === revision);
  const people = said.flatMap(({ by, behalf }) => (behalf ? [by, behalf] : [by])).map(personOf);
  expect(new Set(people).size).toBe(people.length);
  expect(people).not.toContain(personOf(maker));
  if (status !== 'EXECUTED') return;
  steps.forEach(({ quorum }, index) => {
    const yeses = said.filter(({ step, verdict }) => verdict === 'APPROVED' && step === index + 1);
    expect(yeses.length).toBeGreaterThanOrEqual(quorum);
  });
}

async function agreeFor(model: ApprovalsModel, house: ApprovalsHouse, who: Who): Promise<void> {
  const { active } = model.users.get(who)!;
  const sees = active && model.may(who, 'read');
  const { seen, mine } = await house.read(who, model.may(who, 'approve'));
  const decidable = model.requests.map((each) => sees && model.canDecide(each, who));
  expect({ who, seen, mine }).toEqual({
    who,
    seen: sees
      ? model.requests.map((each, index) => ({ status: model.statusOf(each), canDecide: decidable[index] }))
      : [],
    mine: decidable.flatMap((each, index) => (each ? [index] : [])),
  });
}

const counted = async (): Promise<Record<string, number>> => {
  const tables = [
    'app_user',
    'role_grant',
    'change_request',
    'change_request_revision',
    'decision',
    'delegation',
    'audit.event',
  ];
  const parts = tables.map((table) => `SELECT '${table}' AS name, count(*)::int AS rows FROM ${table}`);
  const rows = await t.sql<{ name: string; rows: number }>(parts.join(' UNION ALL '));
  return Object.fromEntries(rows.map(({ name, rows: count }) => [name, count]));
};

it(
  `whatever people do in whatever order, approvals are what a simple model says`,
  async () => {
    const commands = fc.commands(
      DEEDS.flatMap(([weight, deed]) => Array.from({ length: weight * 2 }, () => deed.map((each) => new Does(each)))),
      { maxCommands: COMMANDS, size: 'max' },
    );
    let runs = 0;
    const property = fc.asyncProperty(someSteps, someSteps, commands, async (bank, hire, run) => {
      runs += 1;
      const before = await counted();
      const model = new ApprovalsModel(Date.now(), ids, { bank, hire });
      t.clock.at = new Date(model.now);
      const house = await ApprovalsHouse.open(t, model);
      try {
        for (const deed of AT_FIRST) await new Does(deed).run(model, house);
        await fc.asyncModelRun(() => ({ model, real: house }), run);
        for (const each of ['anna', 'ben', 'carl', 'alias'] as const) await agreeFor(model, house, each);
      } finally {
        await house.close();
      }
      const after = await counted();
      for (const [table, rows] of Object.entries(before)) expect(after[table]).toBeGreaterThanOrEqual(rows);
    });
    try {
      await fc.assert(property, {
        numRuns: RUNS,
        seed: SEED,
        plugins: [fc.interruptAfterTimeLimit((SECONDS - 30) * 1000, { failOnInterrupt: true })],
      });
    } finally {
      t.clock.at = null;
      const [{ count } = { count: 0 }] = await t.sql<{ count: number }>(
        'SELECT count(*)::int FROM decision WHERE on_behalf_of_id IS NOT NULL',
      );
      process.stdout.write(`approvals: seed ${SEED}, ${runs} runs, ${told()}, ${count} decisions for another\n`);
    }
  },
  SECONDS * 1000,
);

/** How often each command came to what. */
function told(): string {
  const parts = [...carriedOut].toSorted(([one], [other]) => (one < other ? -1 : 1));
  return `${parts.reduce((sum, [, count]) => sum + count, 0)} commands (${parts.map(([what, count]) => `${count} ${what}`).join(', ')})`;
}
