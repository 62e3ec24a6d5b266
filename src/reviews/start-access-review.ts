import { ArrayMaxSize, ArrayUnique, MaxLength, ValidateNested } from 'class-validator';
import { Field, ID, InputType } from 'type-graphql';
import { lastSeen } from '../access/last-seen';
import type { RoleName } from '../access/permissions';
import { isId } from '../platform/ids';
import { refuse } from '../platform/errors';
import { operation } from '../platform/operation';
import { Input } from '../platform/operation.type';
import { DateTimeScalar } from '../platform/scalars';
import { Text } from '../platform/text';
import { notFound, type Transaction } from '../platform/transaction';
import { AccessReview, AccessReviewItem } from './access-review.entity';
import { assertPeriod, type Candidate, reviewerOf } from './access-review.rules';

@InputType({ description: 'Who reviews the grants over an account.' })
export class AccountReviewerInput {
  @MaxLength(100)
  @Field(() => ID, { description: 'Id of the account.' })
  accountId!: string;

  @MaxLength(100)
  @Field(() => ID, { description: 'Id of the user who reviews.' })
  reviewerId!: string;
}

@InputType({ description: 'A campaign to start: a snapshot of all that is granted now, keys of systems included.' })
export class StartAccessReviewInput extends Input {
  @Text(200)
  @Field({ description: 'What people call it: "Second quarter 2026".' })
  name!: string;

  @Field(() => DateTimeScalar, {
    description: 'From when on nobody answers any more, within 366 days. No answer by then means revoke.',
  })
  dueAt!: string;

  @Field(() => ID, { description: 'Id of the user who reviews what no reviewer of an account does.' })
  reviewerId!: string;

  @Field(() => ID, { description: 'Id of the user, of another person, who reviews what a reviewer holds themselves.' })
  deputyId!: string;

  @ArrayMaxSize(1000)
  @ArrayUnique(({ accountId }: AccountReviewerInput) => accountId)
  @ValidateNested()
  @Field(() => [AccountReviewerInput], { defaultValue: [], description: 'Who reviews the grants over which account.' })
  reviewers!: AccountReviewerInput[];

  @Text(500)
  @Field({ description: 'Why, for the trail.' })
  reason!: string;
}

/** Whose role holds now, with when they were last seen since they have it. */
const HELD = `SELECT g.id AS "roleGrantId", g.user_id AS "userId", person_of(g.user_id) AS "personId", g.role, g.account_id AS "accountId", g.lob_id AS "lobId", g.ends_at AS "endsAt",
    g.created_at AS "grantedAt", g.granted_by_id AS "grantedById",
    ${lastSeen('g.user_id', { since: 'g.created_at', until: '$1' })} AS "lastUsedAt"
  FROM role_grant g JOIN app_user u ON u.id = g.user_id
  WHERE g.revoked_at IS NULL AND (g.ends_at IS NULL OR g.ends_at > $1) AND u.deactivated_at IS NULL ORDER BY g.id`;

/**
 * Keys of systems that work or may still be drawn. Whoever made one has drawn its secret, and so is one of those who hold it; a key has no account, so that
 * the general reviewer looks at it.
 */
const KEYS = `SELECT k.id AS "apiKeyId", k.user_id AS "userId", k.scopes, k.expires_at AS "endsAt", k.created_at AS "grantedAt", k.created_by_id AS "grantedById",
    (SELECT s.last_seen_at FROM session s WHERE s.id = k.id) AS "lastUsedAt", person_of(k.created_by_id) AS "personId"
  FROM api_key k JOIN app_user u ON u.id = k.user_id
  WHERE k.revoked_at IS NULL AND k.expires_at > $1 AND u.deactivated_at IS NULL
    AND NOT EXISTS (SELECT FROM session s WHERE s.id = k.id AND (s.ended_at IS NOT NULL OR s.expires_at <= $1)) ORDER BY k.id`;

interface Held {
  roleGrantId?: string;
  apiKeyId?: string;
  userId: string;
  /** Who does not review it: of a grant the person who holds it, of a key the one who made it. */
  personId: string;
  role?: RoleName;
  scopes?: string[];
  accountId?: string | null;
  lobId?: string | null;
  endsAt: Date | null;
  grantedAt: Date;
  grantedById: string | null;
  lastUsedAt: Date | null;
}

/** What a grant has not, or a key. */
const EMPTY = { roleGrantId: null, role: null, apiKeyId: null, scopes: null, accountId: null, lobId: null };

const PEOPLE = `SELECT id AS "userId", person_of(id) AS "personId" FROM app_user WHERE id = ANY ($1) AND deactivated_at IS NULL AND password_set_by_id IS NULL`;

/** Those who are named, who can sign in with a password of their own. Refuses with NOT_FOUND. */
async function peopleOf(tx: Transaction, given: readonly string[]): Promise<Map<string, Candidate>> {
  const ids = [...new Set(given.filter(isId).map((id) => id.toLowerCase()))];
  const found = await tx.query<Candidate>(PEOPLE, [ids]);
  if (found.length < new Set(given.map((id) => id.toLowerCase())).size) notFound('User');
  return new Map(found.map((each) => [each.userId, each]));
}

/** Starts a campaign. What it looks at is what is granted at this instant, and which keys of systems there are; what is granted later is the next one's. */
export const startAccessReview = operation({
  name: 'accessReview.start',
  subject: 'AccessReview',
  summary: 'Start a review of who has what',
  lock: async (tx, { reviewerId, deputyId, reviewers }: StartAccessReviewInput) => {
    const named = [reviewerId, deputyId, ...reviewers.map((each) => each.reviewerId)];
    const people = await peopleOf(tx, named);
    const held = [...(await tx.query<Held>(HELD, [tx.now])), ...(await tx.query<Held>(KEYS, [tx.now]))];
    return { people, held };
  },
  authorize: (may) => may.create('start', 'AccessReview'),
  decide: ({ people, held }, input, { now, newId, actorId }) => {
    const dueAt = new Date(input.dueAt);
    assertPeriod(dueAt, now);
    if (held.length === 0) refuse('ACCESS_REVIEW_EMPTY', 'Nothing is granted.');
    const personOf = (id: string) => people.get(id.toLowerCase())!;
    const byAccount = new Map(input.reviewers.map((each) => [each.accountId.toLowerCase(), personOf(each.reviewerId)]));
    const [general, deputy] = [personOf(input.reviewerId), personOf(input.deputyId)];
    const review = { id: newId(), name: input.name.trim(), dueAt, startedById: actorId, reason: input.reason };
    const items = held.map(({ personId, ...snapshot }) => {
      const asked = byAccount.get(snapshot.accountId ?? '') ?? general;
      const reviewerId = reviewerOf(personId, [asked, general, deputy]);
      return { ...EMPTY, ...snapshot, id: newId(), accessReviewId: review.id, reviewerId };
    });
    return { review, items };
  },
  save: async (tx, { review, items }) => {
    await tx.insert(AccessReview, review as AccessReview);
    await tx.insert(AccessReviewItem, items as AccessReviewItem[]);
  },
  record: ({ review, items }, _state, { reason }) => ({
    action: 'accessReview.started',
    subjectId: review.id,
    changes: [
      { path: 'name', before: null, after: review.name },
      { path: 'dueAt', before: null, after: review.dueAt.toISOString() },
      { path: 'items', before: null, after: items.length },
    ],
    reason,
  }),
  facts: () => ({ accountId: null }),
});
