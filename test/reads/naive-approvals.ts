import { decides, type Looker } from './naive-access';
import type { Instant, Row } from './naive-rows';
import { grantsHeld, nowUs, statusOf, us, type World } from './naive-types';

/*
 * Who may decide, by plain loops over rows: nothing of it is taken from the functions of the database that the house asks.
 */

interface Step {
  step: number;
  stage: number;
  name: string | null;
  roles: string[];
  people: string[];
  quorum: number;
  approvals: number;
  open: boolean;
}

const personOf = (world: World, id: string): string => (world.row('app_user', id)?.person_id as string | null) ?? id;

const isActive = (world: World, id: string): boolean => {
  const user = world.row('app_user', id);
  return user !== null && user.deactivated_at === null && user.password_set_by_id === null;
};

const holds = (world: World, request: Row, id: string, { roles, people }: Pick<Step, 'roles' | 'people'>): boolean =>
  isActive(world, id) &&
  (people.includes(id) ||
    grantsHeld(world, id).some(
      ({ role, account_id, lob_id }) =>
        roles.includes(role as string) &&
        (account_id === null || account_id === request.account_id) &&
        (lob_id === null || lob_id === request.lob_id),
    ));

const within = ({ starts_at, ends_at }: Row, at: bigint) =>
  us(starts_at as Instant) <= at && at < us(ends_at as Instant);

/** Whether somebody spoke for another then, with a right that was not taken back since. */
const stoodIn = (world: World, request: Row, by: string, behalf: string, at: Instant): boolean =>
  world
    .all('delegation')
    .some(
      (each) =>
        each.delegator_id === behalf &&
        each.delegate_id === by &&
        each.revoked_at === null &&
        within(each, us(at)) &&
        covers(each, request),
    );

/** Whether a delegation is over what a request is about. */
const covers = ({ operations, account_ids }: Row, request: Row): boolean =>
  (operations === null || (operations as string[]).includes(request.operation as string)) &&
  (account_ids === null || (account_ids as string[]).includes(request.account_id as string));

const saidTo = (request: Row, world: World) =>
  world.all('decision').filter((each) => each.change_request_id === request.id && each.revision === request.revision);

/** Whose words a decision holds: of whoever said it, and of whom they stood in for with a right that still counts. */
const personsIn = (world: World, request: Row, { decided_by_id: by, on_behalf_of_id: behalf, created_at: at }: Row) => [
  personOf(world, by as string),
  ...(behalf && stoodIn(world, request, by as string, behalf as string, at as Instant)
    ? [personOf(world, behalf as string)]
    : []),
];

/** Of each person what they said first, and of the maker nothing, whichever of their users it was. */
function firstOfEachPerson(request: Row, world: World): Row[] {
  const maker = personOf(world, request.maker_id as string);
  const said = saidTo(request, world).toSorted((one, other) => (one.id < other.id ? -1 : 1));
  return said.filter((each, index) => {
    const before = new Set([maker, ...said.slice(0, index).flatMap((other) => personsIn(world, request, other))]);
    return !personsIn(world, request, each).some((person) => before.has(person));
  });
}

/** The steps of a request, with the yeses that count now. */
export function stepsOf(request: Row, world: World): Step[] {
  const asked = (request.steps as Step[] | null) ?? [
    { stage: 1, name: null, roles: request.approver_roles as string[], people: [], quorum: 1 },
  ];
  const escalated = request.escalate_at === null ? ((request.escalate_to_roles as string[] | null) ?? []) : [];
  const steps = asked.map(({ stage, name, roles, people, quorum }, index) => {
    const step = { step: index + 1, stage, name: name ?? null, roles: [...roles, ...escalated], people, quorum };
    const counted = firstOfEachPerson(request, world).filter(
      ({ verdict, step: of, decided_by_id: by, on_behalf_of_id: behalf, created_at: at }) =>
        verdict === 'APPROVED' &&
        of === step.step &&
        isActive(world, by as string) &&
        holds(world, request, (behalf ?? by) as string, step) &&
        (behalf === null || stoodIn(world, request, by as string, behalf as string, at as Instant)),
    );
    return { ...step, approvals: counted.length };
  });
  const left = steps.filter(({ approvals, quorum }) => approvals < quorum);
  if (left.length === 0 && request.status === 'PENDING') {
    const last = Math.max(...steps.map(({ stage }) => stage));
    return steps.map((step) => ({ ...step, open: step.stage === last }));
  }
  const turn = Math.min(...left.map(({ stage }) => stage));
  return steps.map((step) => ({ ...step, open: step.approvals < step.quorum && step.stage === turn }));
}

const exponents: Record<string, number> = { JPY: 0, KWD: 3 };

/** An amount in another currency; null where no rate is known. By floats: amounts of tests are far from their edges. */
function converted(world: World, minor: number, from: string, to: string): number | null {
  if (from === to) return minor;
  const today = new Date(Number(nowUs(world) / 1000n)).toISOString().slice(0, 10);
  const perEuro = (currency: string): number | null => {
    if (currency === 'EUR') return 1;
    const known = world.all('exchange_rate').filter((each) => each.currency === currency && each.valid_on <= today);
    const latest = known.toSorted((one, other) => (one.valid_on < other.valid_on ? 1 : -1))[0];
    return latest ? Number(latest.per_euro) : null;
  };
  const [source, target] = [perEuro(from), perEuro(to)];
  if (source === null || target === null) return null;
  return (minor * target * 10 ** ((exponents[to] ?? 2) - (exponents[from] ?? 2))) / source;
}

const DAY_US = 86_400_000_000n;

function withinLimits(world: World, request: Row, who: string): boolean {
  if (request.amount_minor === null) return true;
  const person = personOf(world, who);
  const inLimit = (of: Row, currency: string) =>
    converted(world, Number(of.amount_minor), of.amount_currency as string, currency) ?? Infinity;
  const decided = world.all('decision').flatMap((each) => {
    const other = world.row('change_request', each.change_request_id as string)!;
    const theirs = [each.decided_by_id, each.on_behalf_of_id].some(
      (id) => id && personOf(world, id as string) === person,
    );
    const counts =
      theirs &&
      each.verdict === 'APPROVED' &&
      us(each.created_at as Instant) > nowUs(world) - DAY_US &&
      other.id !== request.id &&
      other.amount_minor !== null &&
      ['PENDING', 'EXECUTED'].includes(other.status as string) &&
      each.revision === other.revision;
    return counts ? [other] : [];
  });
  return world
    .all('approval_limit')
    .filter(({ user_id }) => personOf(world, user_id as string) === person)
    .every(({ currency, per_request_minor: once, per_day_minor: daily }) => {
      const amount = inLimit(request, currency as string);
      const day = decided.reduce((sum, each) => sum + inLimit(each, currency as string), amount);
      return (once === null || amount <= Number(once)) && (daily === null || day <= Number(daily));
    });
}

/** Whose right somebody could decide with, if it were the turn of the assignee alone, or (null) of nobody alone; null: of nobody's. */
function authorityOf(world: World, who: string, request: Row, assignee: string | null): string | null {
  const now = nowUs(world);
  const person = personOf(world, who);
  const maker = personOf(world, request.maker_id as string);
  const standing = world.all('delegation').filter((each) => each.revoked_at === null && within(each, now));
  if (person === maker) return null;
  if (
    standing.some(
      (each) =>
        personOf(world, each.delegator_id as string) === maker &&
        personOf(world, each.delegate_id as string) === person,
    )
  )
    return null;
  const spoken = new Set(saidTo(request, world).flatMap((each) => personsIn(world, request, each)));
  const delegators = standing
    .filter((each) => each.delegate_id === who && covers(each, request))
    .map(({ delegator_id }) => delegator_id as string);
  const open = stepsOf(request, world).filter((step) => step.open);
  const authority = [who, ...delegators.toSorted()].find(
    (id) =>
      (assignee === null || assignee === id) &&
      personOf(world, id) !== maker &&
      !spoken.has(personOf(world, id)) &&
      open.some((step) => holds(world, request, id, step)),
  );
  if (authority === undefined) return null;
  return withinLimits(world, request, who) && withinLimits(world, request, authority) ? authority : null;
}

/** Of the operations that a duty is to approve: which roles have it, and with which other roles which duties would meet. Written by hand. */
const APART = [
  {
    operations: ['invoice.draft', 'invoice.issue', 'invoice.void'],
    approvers: ['supervisor'],
    others: { billing: 'INVOICE_APPROVAL INVOICING', auditor: 'AUDIT INVOICE_APPROVAL' },
  },
  {
    operations: ['account.open', 'account.change', 'account.close'],
    approvers: ['supervisor'],
    others: {
      billing: 'ACCOUNT_APPROVAL ACCOUNT_KEEPING',
      operations: 'ACCOUNT_APPROVAL ACCOUNT_KEEPING',
      auditor: 'ACCOUNT_APPROVAL AUDIT',
    },
  },
  {
    operations: ['role.grant'],
    approvers: ['admin', 'supervisor', 'compliance'],
    others: { admin: 'ACCESS_ADMINISTRATION ACCESS_APPROVAL', auditor: 'ACCESS_APPROVAL AUDIT' },
  },
] as const;

const overlap = (one: unknown, other: unknown): boolean => one === null || other === null || one === other;

/** Whether the person holds duties that a yes to this would mix, over something in common, and without an exception. */
function mixesDuties(world: World, request: Row, who: string): boolean {
  const person = personOf(world, who);
  const users = world
    .all('app_user')
    .filter(({ id, deactivated_at }) => deactivated_at === null && personOf(world, id as string) === person);
  const held = users.flatMap(({ id }) => grantsHeld(world, id as string));
  const excepted = (duties: string) =>
    world
      .all('duty_exception')
      .some(
        (each) =>
          personOf(world, each.user_id as string) === person &&
          `${each.duty} ${each.other_duty}` === duties &&
          each.ended_at === null &&
          us(each.ends_at as Instant) > nowUs(world),
      );
  return APART.filter(({ operations }) => (operations as readonly string[]).includes(request.operation as string)).some(
    ({ approvers, others }) =>
      held.some((one) =>
        held.some((other) => {
          const duties = (others as Record<string, string>)[other.role as string];
          return (
            one.role !== other.role &&
            (approvers as readonly string[]).includes(one.role as string) &&
            duties !== undefined &&
            overlap(one.account_id, other.account_id) &&
            overlap(one.lob_id, other.lob_id) &&
            !excepted(duties)
          );
        }),
      ),
  );
}

/** Whether somebody may decide a change request now. It is one person's turn alone only as long as that person could decide it with their own right. */
export function mayDecide(who: Looker, request: Row, world: World): boolean {
  if (statusOf(request, world) !== 'PENDING' || !decides(who, request, world)) return false;
  const assigned = request.assignee_id as string | null;
  const able = assigned !== null && authorityOf(world, assigned, request, null) === assigned;
  return authorityOf(world, who.id, request, able ? assigned : null) !== null && !mixesDuties(world, request, who.id);
}
