import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { Outcome } from '../platform/operation.type';
import { connectionArgs, connectionOf, orderEnum } from '../platform/pagination';
import { DateTimeScalar } from '../platform/scalars';
import { User } from './user.type';

@ObjectType({ description: 'A key by which a system is let in. Its secret is shown once and stored nowhere.' })
export class ApiKey {
  @Field(() => ID, { description: 'Id of the key, and of its session, which events name.' })
  id!: string;

  @Field({ description: 'Name of the system.' })
  name!: string;

  @Field(() => User, { nullable: true, description: 'The system’s user, with whose roles it acts.' })
  user!: User | null;

  @Field(() => [String], { description: 'What it may be used for, of what those roles allow.' })
  scopes!: string[];

  @Field({ description: 'Whether its bearer is let in now.' })
  active!: boolean;

  @Field(() => String, { nullable: true, description: 'How its secret begins; null until it was drawn.' })
  prefix!: string | null;

  @Field(() => DateTimeScalar, { description: 'When it was made.' })
  createdAt!: string;

  @Field(() => User, { nullable: true, description: 'Who made it, and may draw its secret.' })
  createdBy!: User | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When its secret was drawn.' })
  drawnAt!: string | null;

  @Field(() => DateTimeScalar, { description: 'From when on it works no more.' })
  expiresAt!: string;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it was revoked.' })
  revokedAt!: string | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it was last used, to the minute.' })
  lastUsedAt!: string | null;

  @Field(() => ApiKey, { nullable: true, description: 'The key in whose place it came.' })
  replaces!: ApiKey | null;

  @Field(() => Int, {
    nullable: true,
    description: 'How many hours both work, from when its secret was drawn.',
  })
  overlapHours!: number | null;

  @Field(() => Int, { description: 'Raised by one with each change; send it back as `expectedVersion`.' })
  version!: number;
}

@InputType({ description: 'Which keys: all that is given must hold.' })
export class ApiKeyFilter {
  @Field(() => ID, { nullable: true, description: 'Of this system’s user.' })
  userId?: string | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether their bearer is let in now.' })
  active?: boolean | null;
}

@ObjectType({ description: 'A secret that was drawn.' })
export class DrawApiKeySecretPayload {
  @Field(() => Outcome, { description: 'Always carried out.' })
  outcome!: Outcome;

  @Field(() => String, { description: 'To send as `Authorization: Bearer …`. It is shown in this answer alone.' })
  secret!: string;

  @Field(() => ApiKey, { nullable: true, description: 'The key as it is now.' })
  apiKey!: ApiKey | null;
}

export const ApiKeyOrder = orderEnum('ApiKeyOrder', ['NAME', 'CREATED_AT']);
export const ApiKeyConnection = connectionOf(() => ApiKey, 'ApiKey');
export const ApiKeysArgs = connectionArgs(ApiKeyFilter, ApiKeyOrder);
