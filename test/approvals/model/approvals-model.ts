/*
 * What approvals are, in plain words over plain data: nothing of it is taken from the house but the codes of its refusals. One run of the model
 * has a small cast, two accounts, three policies, and a clock that stands still unless somebody waits.
 */

export const CAST = ['maker', 'both', 'alias', 'anna', 'ben', 'carl', 'clerk', 'viewer'] as const;
export type Who = (typeof CAST)[number];
export type Role = 'operations' | 'billing' | 'supervisor' | 'auditor';

/** What somebody asks to be done. */
export type Asked =
  | { kind: 'bank'; account: 0 | 1; digits: string }
  | { kind: 'name'; account: 0 | 1; legalName: string }
  | { kind: 'hire'; code: 0 | 1 | 2 };

export interface Step {
  stage: number;
  roles: Role[];
  people: Who[];
  quorum: number;
}

export interface Policy {
  id: string;
  operation: 'account.change' | 'agent.hire';
  active: boolean;
  steps: Step[];
  whenFields: string[] | null;
  freshness: 'ROW' | 'FIELDS';
  hours: number;
}

export type PolicyName = 'bank' | 'strict' | 'hire';

export interface Delegation {
  from: Who;
  to: Who;
  starts: number;
  ends: number;
  operation: string | null;
  account: 0 | 1 | null;
  revoked: boolean;
}

interface Decision {
  by: Who;
  behalf: Who | null;
  step: number;
  verdict: 'APPROVED' | 'REJECTED' | 'RETURNED';
  revision: number;
  at: number;
}

export interface Request {
  operation: Policy['operation'];
  maker: Who;
  asked: Asked;
  revision: number;
  status: 'PENDING' | 'RETURNED' | 'EXECUTED' | 'REJECTED' | 'WITHDRAWN' | 'EXPIRED' | 'STALE' | 'FAILED';
  policy: PolicyName;
  steps: Step[];
  freshness: Policy['freshness'];
  expires: number;
  /** The version of the account that its maker saw, and the name that it had. */
  seen: { version: number; legalName: string } | null;
  assignee: Who | null;
  decisions: Decision[];
}

/** What a command comes to: an outcome or the code of a refusal, and the events that it leaves. */
export interface Outcome {
  answer: string;
  events: string[];
}

const done = (...events: string[]): Outcome => ({ answer: 'DONE', events });
const waiting = (...events: string[]): Outcome => ({ answer: 'AWAITING_APPROVAL', events });
const refused = (operation: string, code: string): Outcome => ({ answer: code, events: [`${operation} ${code}`] });

/** Who may do what at all. */
const MAY: Record<string, Role[]> = {
  read: ['operations', 'billing', 'supervisor', 'auditor'],
  approve: ['supervisor'],
  withdraw: ['operations', 'billing', 'supervisor'],
  'account.change': ['operations', 'billing'],
  'agent.hire': ['operations'],
};

const USERS: Record<Who, Role[]> = {
  maker: ['operations'],
  both: ['operations', 'supervisor'],
  alias: ['supervisor'],
  anna: ['supervisor'],
  ben: ['supervisor'],
  carl: ['supervisor'],
  clerk: ['billing'],
  viewer: ['auditor'],
};

/** Two of the cast are one person. */
export const personOf = (who: Who): Who => (who === 'alias' ? 'maker' : who);

const SUPERVISORS: Role[] = ['supervisor'];
export const STEPS: Step[][] = [
  [{ stage: 1, roles: SUPERVISORS, people: [], quorum: 1 }],
  [{ stage: 1, roles: SUPERVISORS, people: [], quorum: 2 }],
  [
    { stage: 1, roles: SUPERVISORS, people: [], quorum: 1 },
    { stage: 2, roles: SUPERVISORS, people: [], quorum: 1 },
  ],
  [
    { stage: 1, roles: SUPERVISORS, people: [], quorum: 1 },
    { stage: 2, roles: [], people: ['carl'], quorum: 1 },
  ],
  [
    { stage: 1, roles: SUPERVISORS, people: [], quorum: 2 },
    { stage: 2, roles: [], people: ['ben', 'carl'], quorum: 1 },
  ],
  [
    { stage: 1, roles: [], people: ['carl'], quorum: 1 },
    { stage: 2, roles: SUPERVISORS, people: [], quorum: 1 },
  ],
  [
    { stage: 1, roles: [], people: ['anna', 'maker'], quorum: 1 },
    { stage: 1, roles: SUPERVISORS, people: [], quorum: 1 },
  ],
];

export const HOUR = 3_600_000;
export const SENSITIVE = ['bankAccountNumber', 'taxId'];

export class ApprovalsModel {
  readonly users = new Map(CAST.map((who) => [who, { roles: new Set(USERS[who]), active: true }]));
  readonly accounts = [0, 1].map(() => ({ version: 1, legalName: 'As it was' }));
  readonly hired = new Set<number>();
  readonly delegations: Delegation[] = [];
  readonly requests: Request[] = [];
  readonly policies: Record<PolicyName, Policy>;

  constructor(
    public now: number,
    ids: Record<PolicyName, string>,
    steps: Record<'bank' | 'hire', Step[]>,
  ) {
    const usual = { active: true, whenFields: null, freshness: 'ROW', hours: 72 } as const;
    this.policies = {
      bank: { ...usual, id: ids.bank, steps: steps.bank, operation: 'account.change', whenFields: SENSITIVE },
      strict: { ...usual, id: ids.strict, operation: 'account.change', active: false, steps: STEPS[4]!, hours: 24 },
      hire: { ...usual, id: ids.hire, operation: 'agent.hire', steps: steps.hire },
    };
  }

  /** With all that they held, and whatever they stood in for or had others stand in for. */
  leave(who: Who): void {
    const user = this.users.get(who)!;
    user.active = false;
    user.roles.clear();
    for (const each of this.delegations) if (each.from === who || each.to === who) each.revoked = true;
  }

  may(who: Who, what: string): boolean {
    return MAY[what]!.some((role) => this.users.get(who)!.roles.has(role));
  }

  propose(who: Who, asked: Asked): Outcome {
    const operation = operationOf(asked);
    if (!this.users.get(who)!.active) return refused(operation, 'UNAUTHENTICATED');
    const code = this.unauthorized(who, asked) ?? this.undecidable(asked);
    if (code) return refused(operation, code);
    const policy = this.demanded(asked);
    if (!policy) return this.apply(asked) ?? done(EVENT[operation]);
    this.requests.push({
      operation,
      maker: who,
      revision: 1,
      decisions: [],
      ...this.content(asked, policy),
    });
    return waiting('changeRequest.proposed');
  }

  revise(index: number, who: Who, asked: Asked): Outcome {
    const request = this.requests[index]!;
    const no = (code: string) => refused('changeRequest.revise', code);
    if (!this.users.get(who)!.active) return no('UNAUTHENTICATED');
    const isOpen =
      request.maker === who && (this.isWaiting(request) ? this.now < request.expires : request.status === 'STALE');
    if (isOpen) {
      const code = this.unauthorized(who, asked) ?? this.undecidable(asked);
      if (code) return no(code);
    }
    const shut = this.shut(who, 'withdraw') ?? this.notOpenTo(who, request, true);
    if (shut) return no(shut);
    if (accountOf(asked) !== accountOf(request.asked)) return no('SUBJECT_MOVED');
    if (isSame(asked, request.asked) && this.seen(asked)?.version === request.seen?.version)
      return no('NOTHING_TO_CHANGE');
    const policy = this.demanded(asked) ?? request.policy;
    Object.assign(request, this.content(asked, policy), { revision: request.revision + 1 });
    return done('changeRequest.revised');
  }

  withdraw(index: number, who: Who): Outcome {
    const request = this.requests[index]!;
    const code = this.shut(who, 'withdraw') ?? this.notOpenTo(who, request, false);
    if (code) return refused('changeRequest.withdraw', code);
    request.status = 'WITHDRAWN';
    return done('changeRequest.withdrawn');
  }

  /** A no, for good or for rework. */
  refuse(index: number, who: Who, verb: 'reject' | 'return'): Outcome {
    const request = this.requests[index]!;
    const standing = this.standing(request, who);
    const code = this.shut(who, 'approve') ?? this.notPending(request) ?? standing.code;
    if (code) return refused(`changeRequest.${verb}`, code);
    const verdict = verb === 'reject' ? 'REJECTED' : 'RETURNED';
    this.say(request, who, standing, verdict);
    request.status = verdict;
    return done(`changeRequest.${verb}ed`);
  }

  approve(index: number, who: Who, sawIt: boolean): Outcome {
    const request = this.requests[index]!;
    const standing = this.standing(request, who);
    const no = (code: string) => refused('changeRequest.approve', code);
    const code =
      this.shut(who, 'approve') ??
      this.notPending(request) ??
      standing.code ??
      (sawIt ? null : 'CHANGE_REQUEST_MOVED') ??
      (this.users.get(request.maker)!.active ? null : 'MAKER_NOT_ACTIVE');
    if (code) return no(code);
    this.say(request, who, standing, 'APPROVED');
    if (this.stepsOf(request).some(({ approvals, quorum }) => approvals < quorum)) {
      request.assignee = null;
      return waiting('changeRequest.approved');
    }
    const over = this.carryOut(request);
    if (!over) {
      request.status = 'EXECUTED';
      return done(EVENT[request.operation], 'changeRequest.approved');
    }
    // All of it is rolled back, the yes too.
    request.decisions.pop();
    request.status = over;
    return no(`CHANGE_REQUEST_${over}`);
  }

  /** What a request is when it is read. */
  statusOf(request: Request): Request['status'] {
    return this.isWaiting(request) && this.now >= request.expires ? 'EXPIRED' : request.status;
  }

  canDecide(request: Request, who: Who): boolean {
    return (
      this.statusOf(request) === 'PENDING' && this.may(who, 'approve') && this.standing(request, who).code === null
    );
  }

  stepsOf(request: Request): (Step & { step: number; approvals: number; open: boolean })[] {
    const steps = request.steps.map((step, index) => ({
      ...step,
      step: index + 1,
      approvals: request.decisions.filter((said) => this.counts(said, request, step, index + 1)).length,
    }));
    const lacking = steps.filter(({ approvals, quorum }) => approvals < quorum);
    // A yes that counts again may have been the last that was needed: somebody still has to have it carried out.
    const last = request.status === 'PENDING' ? Math.max(...steps.map(({ stage }) => stage)) : NaN;
    const turn = lacking.length > 0 ? Math.min(...lacking.map(({ stage }) => stage)) : last;
    return steps.map((each) => ({
      ...each,
      open: each.stage === turn && (lacking.length === 0 || each.approvals < each.quorum),
    }));
  }

  standing(request: Request, who: Who): { code: string | null; step: number | null; behalf: Who | null } {
    const no = (code: string) => ({ code, step: null, behalf: null });
    const maker = personOf(request.maker);
    if (personOf(who) === maker) return no('MAKER_IS_CHECKER');
    const now = this.delegations.filter(
      ({ revoked, starts, ends }) => !revoked && starts <= this.now && this.now < ends,
    );
    if (now.some(({ from, to }) => personOf(from) === maker && personOf(to) === personOf(who)))
      return no('DELEGATE_OF_MAKER');
    const spoken = new Set(
      request.decisions
        .filter(({ revision }) => revision === request.revision)
        .flatMap((said) => [said.by, this.spokeFor(said, request)].map((each) => each && personOf(each))),
    );
    if (spoken.has(personOf(who))) return no('DECISION_REPEATED');
    const open = this.stepsOf(request).filter((step) => step.open);
    const assignee = this.assigneeOf(request);
    const stepFor = (authority: Who) =>
      (assignee ?? authority) === authority && personOf(authority) !== maker && !spoken.has(personOf(authority))
        ? open.find((step) => this.holds(authority, step))
        : undefined;
    const own = stepFor(who);
    if (own) return { code: null, step: own.step, behalf: null };
    const others = now
      .filter((each) => each.to === who && covers(each, request))
      .flatMap(({ from }) => {
        const step = stepFor(from)?.step;
        return step === undefined ? [] : [{ code: null, step, behalf: from }];
      })
      .toSorted((one, other) => one.step - other.step || this.byId(one.behalf, other.behalf));
    return others[0] ?? no(assignee === null ? 'NOT_AN_APPROVER' : 'ASSIGNED_TO_ANOTHER');
  }

  /** The one whose turn it is alone, as long as they could decide it with their own right. */
  private assigneeOf(request: Request): Who | null {
    const { assignee } = request;
    if (assignee === null) return null;
    const { code, behalf } = this.standing({ ...request, assignee: null }, assignee);
    return code === null && behalf === null ? assignee : null;
  }

  /** Set by whoever knows the ids: among equals the first by id is taken. */
  byId: (one: Who, other: Who) => number = () => 0;

  private isWaiting({ status }: Request): boolean {
    return status === 'PENDING' || status === 'RETURNED';
  }

  private shut(who: Who, what: string): string | null {
    if (!this.users.get(who)!.active) return 'UNAUTHENTICATED';
    if (!this.may(who, 'read')) return 'NOT_FOUND';
    return this.may(who, what) ? null : 'FORBIDDEN';
  }

  private notPending(request: Request): string | null {
    if (request.status !== 'PENDING') return 'CHANGE_REQUEST_NOT_PENDING';
    return this.expired(request);
  }

  private notOpenTo(who: Who, request: Request, stale: boolean): string | null {
    if (request.maker !== who) return 'NOT_THE_MAKER';
    if (this.isWaiting(request)) return this.expired(request);
    return stale && request.status === 'STALE' ? null : 'CHANGE_REQUEST_NOT_PENDING';
  }

  /** Whoever touches what has expired notices it for everybody. */
  private expired(request: Request): string | null {
    if (this.now < request.expires) return null;
    request.status = 'EXPIRED';
    return 'CHANGE_REQUEST_EXPIRED';
  }

  private holds(who: Who, { roles, people }: Step): boolean {
    const { roles: held, active } = this.users.get(who)!;
    return active && (people.includes(who) || roles.some((role) => held.has(role)));
  }

  private counts({ by, behalf, at, ...said }: Decision, request: Request, step: Step, number: number): boolean {
    return (
      said.revision === request.revision &&
      said.verdict === 'APPROVED' &&
      said.step === number &&
      this.users.get(by)!.active &&
      this.holds(behalf ?? by, step) &&
      (behalf === null || this.spokeFor({ by, behalf, at }, request) !== null)
    );
  }

  /** Whose right something was said with, unless that was taken back since. */
  private spokeFor({ by, behalf, at }: Pick<Decision, 'by' | 'behalf' | 'at'>, request: Request): Who | null {
    const held = this.delegations.some(
      (each) =>
        each.from === behalf &&
        each.to === by &&
        !each.revoked &&
        each.starts <= at &&
        at < each.ends &&
        covers(each, request),
    );
    return held ? behalf : null;
  }

  private say(
    request: Request,
    by: Who,
    { step, behalf }: { step: number | null; behalf: Who | null },
    verdict: Decision['verdict'],
  ): void {
    request.decisions.push({ by, behalf, step: step!, verdict, revision: request.revision, at: this.now });
  }

  private unauthorized(who: Who, asked: Asked): string | null {
    const operation = operationOf(asked);
    if (operation === 'account.change' && !this.may(who, 'read')) return 'NOT_FOUND';
    return this.may(who, operation) ? null : 'FORBIDDEN';
  }

  private undecidable(asked: Asked): string | null {
    return asked.kind === 'name' && this.accounts[asked.account]!.legalName === asked.legalName
      ? 'NOTHING_TO_CHANGE'
      : null;
  }

  /** The most demanding of the policies that match. */
  private demanded(asked: Asked): PolicyName | null {
    const field = { bank: 'bankAccountNumber', name: 'legalName', hire: 'code' }[asked.kind];
    const matching = (Object.entries(this.policies) as [PolicyName, Policy][]).filter(
      ([, { active, operation, whenFields }]) =>
        active && operation === operationOf(asked) && (whenFields?.includes(field) ?? true),
    );
    const people = ({ steps }: Policy) => steps.reduce((sum, { quorum }) => sum + quorum, 0);
    const stages = ({ steps }: Policy) => new Set(steps.map(({ stage }) => stage)).size;
    const [first] = matching.toSorted(
      ([, one], [, other]) =>
        people(other) - people(one) ||
        stages(other) - stages(one) ||
        one.hours - other.hours ||
        (one.id < other.id ? -1 : 1),
    );
    return first?.[0] ?? null;
  }

  private seen(asked: Asked): Request['seen'] {
    return asked.kind === 'hire' ? null : { ...this.accounts[asked.account]! };
  }

  private content(asked: Asked, policy: PolicyName) {
    const { steps, freshness, hours } = this.policies[policy];
    const expires = this.now + hours * HOUR;
    return {
      asked,
      policy,
      steps,
      freshness,
      expires,
      seen: this.seen(asked),
      assignee: null,
      status: 'PENDING' as const,
    };
  }

  /** Does it, or says why it cannot be done. */
  private apply(asked: Asked): Outcome | null {
    if (asked.kind === 'hire') {
      if (this.hired.has(asked.code)) return refused('agent.hire', 'AGENT_CODE_TAKEN');
      this.hired.add(asked.code);
      return null;
    }
    const account = this.accounts[asked.account]!;
    account.version += 1;
    if (asked.kind === 'name') account.legalName = asked.legalName;
    return null;
  }

  /** Null once it is done; else what becomes of the request. */
  private carryOut({ maker, asked, seen, freshness }: Request): 'STALE' | 'FAILED' | null {
    if (this.unauthorized(maker, asked)) return 'FAILED';
    const now = this.seen(asked);
    const moved = now?.version !== seen?.version;
    if (freshness === 'ROW' && moved) return 'STALE';
    if (this.undecidable(asked)) return 'FAILED';
    // A masked value may have changed unseen.
    if (moved && (asked.kind === 'bank' || now!.legalName !== seen!.legalName)) return 'STALE';
    return this.apply(asked) ? 'FAILED' : null;
  }
}

const EVENT = { 'account.change': 'account.changed', 'agent.hire': 'agent.hired' } as const;

export const operationOf = ({ kind }: Asked) => (kind === 'hire' ? 'agent.hire' : 'account.change');
const accountOf = (asked: Asked) => (asked.kind === 'hire' ? null : asked.account);
const isSame = (one: Asked, other: Asked) => JSON.stringify(one) === JSON.stringify(other);

const covers = ({ operation, account }: Delegation, request: Request): boolean =>
  (operation ?? request.operation) === request.operation &&
  (account ?? accountOf(request.asked)) === accountOf(request.asked);
