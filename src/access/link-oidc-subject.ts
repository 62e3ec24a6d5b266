import { Length, IsOptional } from 'class-validator';
import { Field, ID, InputType } from 'type-graphql';
import { operation } from '../platform/operation';
import { ChangeInput } from '../platform/operation.type';
import { refuse } from '../platform/errors';
import { Text } from '../platform/text';
import { endSessionsOf } from './end-sessions';
import { subjectOf } from './openid.rules';
import { User } from './user.entity';

@InputType({ description: 'Whose tokens are to be a user’s, and why.' })
export class LinkOidcSubjectInput extends ChangeInput {
  @Field(() => ID, { description: 'Id of the user.' })
  userId!: string;

  @IsOptional()
  @Length(1, 255)
  @Field(() => String, {
    nullable: true,
    description: 'The subject (`sub`) of the configured issuer; null: nobody’s any more.',
  })
  oidcSubject?: string | null;

  @Text(500)
  @Field({ description: 'Why, and how you know; for the approver and the trail.' })
  reason!: string;
}

/** Says by which subject of the configured issuer a user is known. Whoever bears its tokens is that user, so it takes two people. */
export const linkOidcSubject = operation({
  name: 'user.linkSubject',
  mutation: 'linkOidcSubject',
  subject: 'User',
  summary: 'Say which subject of an issuer a user is',
  twoPeople: true,
  lock: async (tx, { userId }: LinkOidcSubjectInput) => ({
    user: await tx.lock(User, userId),
    issuer: tx.context.app.config.openId?.issuer ?? null,
  }),
  authorize: (may, { user }) => may('link', user),
  decide: ({ user, issuer }, { oidcSubject }, { now }) => {
    if (issuer === null) refuse('OIDC_NOT_CONFIGURED', 'There is no issuer: OIDC_ISSUER is not set.');
    if (user.deactivatedAt || user.service)
      refuse('OIDC_SUBJECT_NOT_LINKABLE', 'This user is deactivated, or a system’s.');
    const subject = oidcSubject == null ? null : subjectOf(issuer, oidcSubject);
    return { oidcSubject: subject, oidcLinkedAt: user.oidcLinkedAt ?? now };
  },
  save: async (tx, linked, { user }) => {
    await tx.update(user, linked);
    await endSessionsOf(tx, user.id, tx.now, { kinds: ['OPENID'] });
  },
  record: ({ oidcSubject }, { user }, { reason }) => ({
    action: 'user.subjectLinked',
    subjectId: user.id,
    changes: [{ path: 'oidcSubject', before: user.oidcSubject ?? null, after: oidcSubject }],
    reason,
  }),
  facts: () => ({ accountId: null, risk: 'HIGH' }),
});
