import { Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { connectionArgs, connectionOf, orderEnum } from '../platform/pagination';
import { DateTimeScalar } from '../platform/scalars';
import type { SessionKind } from './session.entity';
import { User } from './user.type';

const Kinds = { PASSWORD: 'PASSWORD', OPENID: 'OPENID', API_KEY: 'API_KEY' } as const;
registerEnumType(Kinds, {
  name: 'SessionKind',
  description: 'How somebody got in.',
  valuesConfig: {
    PASSWORD: { description: 'Signed in here.' },
    OPENID: { description: 'With a token of another issuer.' },
    API_KEY: { description: 'A system, with its key.' },
  },
});

@ObjectType({ description: 'That somebody is let in, for a time.' })
export class Session {
  @Field(() => ID, { description: 'Id of the session; that of a key is the key’s.' })
  id!: string;

  @Field(() => User, { nullable: true, description: 'Who is let in.' })
  user!: User | null;

  @Field(() => Kinds, { description: 'How they got in.' })
  kind!: SessionKind;

  @Field(() => DateTimeScalar, { description: 'Since when.' })
  openedAt!: string;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it was last used, to the minute.' })
  lastSeenAt!: string | null;

  @Field(() => DateTimeScalar, {
    nullable: true,
    description: 'Over at this instant unless it is used before; null for one that may rest.',
  })
  idleUntil!: string | null;

  @Field(() => DateTimeScalar, { description: 'Over at this instant in any case.' })
  expiresAt!: string;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When somebody ended it.' })
  endedAt!: string | null;

  @Field({ description: 'Whether its bearer is let in now.' })
  open!: boolean;

  @Field({ description: 'Whether it is that of this request.' })
  current!: boolean;

  @Field(() => String, {
    nullable: true,
    description: 'Address that it was opened from, as long as the trail keeps it.',
  })
  address!: string | null;

  @Field(() => String, { nullable: true, description: 'Program that it was opened with, as it calls itself.' })
  userAgent!: string | null;

  @Field(() => [String], {
    nullable: true,
    description: 'The roles that count in it, of those that its user holds; null: all of them.',
  })
  roles!: string[] | null;

  @Field(() => Int, { description: 'Raised with each change of it or of what its bearer is.' })
  version!: number;
}

@InputType({ description: 'Which sessions: all that is given must hold.' })
export class SessionFilter {
  @Field(() => ID, { nullable: true, description: 'Whose.' })
  userId?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether their bearer is let in now.' })
  open?: boolean | null;
}

export const SessionOrder = orderEnum('SessionOrder', ['CREATED_AT']);
export const SessionConnection = connectionOf(() => Session, 'Session');
export const SessionsArgs = connectionArgs(SessionFilter, SessionOrder);
