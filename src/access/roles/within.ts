import type { AbilityBuilder, MongoAbility } from '@casl/ability';

type Can = AbilityBuilder<MongoAbility>['can'];
type Conditions = Record<string, unknown>;

/** What a role is bound to: an account, or one LOB of it. */
export interface Bound {
  accountId: string;
  lobId: string | null;
}

/** Of which rows of a type which verbs are left (all unless told); null: none. */
interface Reach {
  rows: Conditions;
  verbs?: readonly string[];
}

const READ = ['read'];

/**
 * What is left of each type to a role that is bound to an account. What is not named here is not an account's: policies, limits, webhooks,
 * delegations, and the trail as a whole. `accountId` of a type without such a column, and `inHouse`, are matched as its read declares (`reachedThrough`),
 * for reading alone.
 */
const OF_ACCOUNT: Record<string, (accountId: string) => Reach> = {
  Account: (id) => ({ rows: { id }, verbs: ['read', 'change', 'close', 'reveal'] }),
  Lob: (accountId) => ({ rows: { accountId } }),
  Invoice: (accountId) => ({ rows: { accountId } }),
  CreditNote: (accountId) => ({ rows: { accountId } }),
  Dispute: (accountId) => ({ rows: { accountId } }),
  Complaint: (accountId) => ({ rows: { accountId } }),
  ChangeRequest: (accountId) => ({ rows: { accountId } }),
  RoleGrant: (accountId) => ({ rows: { accountId } }),
  Finding: (accountId) => ({ rows: { accountId }, verbs: READ }),
  Assignment: (accountId) => ({ rows: { accountId }, verbs: READ }),
  Agent: (accountId) => ({ rows: { accountId }, verbs: READ }),
  AuditEvent: (accountId) => ({ rows: { accountId }, verbs: READ }),
  Agreement: (accountId) => ({ rows: { accountId } }),
  Usage: (accountId) => ({ rows: { accountId } }),
  UsageImport: (accountId) => ({ rows: { accountId } }),
  UsageRejection: (accountId) => ({ rows: { accountId } }),
  CallRecord: (accountId) => ({ rows: { accountId } }),
  UsageQuantity: (accountId) => ({ rows: { accountId } }),
  BillingRun: (accountId) => ({ rows: { accountId } }),
  BillingRunAccount: (accountId) => ({ rows: { accountId } }),
};

/** The same of a LOB: invoices and disputes are its account's. */
const OF_LOB: Record<string, (lobId: string, accountId: string) => Reach> = {
  Account: (_lobId, id) => ({ rows: { id }, verbs: READ }),
  Lob: (id) => ({ rows: { id }, verbs: ['read', 'close'] }),
  Complaint: (lobId, accountId) => ({ rows: { accountId, lobId } }),
  ChangeRequest: (lobId, accountId) => ({ rows: { accountId, lobId } }),
  RoleGrant: (lobId, accountId) => ({ rows: { accountId, lobId } }),
  Assignment: (lobId) => ({ rows: { lobId }, verbs: READ }),
  Agent: (lobId) => ({ rows: { lobId }, verbs: READ }),
  AuditEvent: (lobId) => ({ rows: { lobId }, verbs: READ }),
  CallRecord: (lobId, accountId) => ({ rows: { accountId, lobId }, verbs: READ }),
  UsageQuantity: (lobId, accountId) => ({ rows: { accountId, lobId }, verbs: READ }),
};

/** What is the same for everybody: rates, who bills, and colleagues, but no client's users. */
const OF_HOUSE: Record<string, Reach> = {
  ExchangeRate: { rows: {}, verbs: READ },
  LegalEntity: { rows: {}, verbs: READ },
  User: { rows: { inHouse: 'yes' }, verbs: READ },
};

const reachOf = (type: string, { accountId, lobId }: Bound): Reach | undefined =>
  OF_HOUSE[type] ?? (lobId === null ? OF_ACCOUNT[type]?.(accountId) : OF_LOB[type]?.(lobId, accountId));

/** Grants what a page of a role grants, as far as it lies within an account or a LOB. */
export const within = (can: Can, bound: Bound): Can =>
  ((verbs: string | string[], types: string | string[], conditions: Conditions = {}) => {
    for (const type of [types].flat()) {
      const reach = reachOf(type, bound);
      const left = [verbs].flat().filter((verb) => reach && (reach.verbs?.includes(verb) ?? true));
      if (reach && left.length > 0) can(left, type, { ...conditions, ...reach.rows });
    }
  }) as Can;
