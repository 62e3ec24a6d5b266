import { Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { FieldChange } from '../platform/field-change.type';
import { connectionArgs, connectionOf, orderEnum } from '../platform/pagination';
import { DateTimeScalar } from '../platform/scalars';

export enum AuditOutcome {
  DONE = 'DONE',
  REFUSED = 'REFUSED',
  FAILED = 'FAILED',
}
registerEnumType(AuditOutcome, {
  name: 'AuditOutcome',
  description: 'How what an event tells of ended.',
  valuesConfig: {
    DONE: { description: 'It was done.' },
    REFUSED: { description: 'It was refused, and nothing changed; `code` says why.' },
    FAILED: { description: 'It failed by a fault of ours, and nothing changed.' },
  },
});

@ObjectType({
  description: 'One entry of the trail: something that changed, or that was refused. Never altered, never deleted.',
})
export class AuditEvent {
  @Field(() => ID, { description: 'Id of the event.' })
  id!: string;

  @Field(() => Int, { nullable: true, description: 'Its place in the tree; null until it is sealed.' })
  sequence!: number | null;

  @Field(() => DateTimeScalar, { description: 'The instant of the transaction that it was written in.' })
  at!: string;

  @Field({ description: 'What happened, `<noun>.<past tense>`; for a refusal the operation or field that was tried.' })
  action!: string;

  @Field(() => AuditOutcome, { description: 'How it ended.' })
  outcome!: AuditOutcome;

  @Field(() => [String], { description: 'The roles that the actor had at that instant.' })
  roles!: string[];

  @Field(() => String, { nullable: true, description: 'Type of what it is about.' })
  subjectType!: string | null;

  @Field(() => ID, { nullable: true, description: 'Id of what it is about.' })
  subjectId!: string | null;

  @Field(() => Int, {
    nullable: true,
    description: 'The version that what it is about came to; null where it was not changed.',
  })
  subjectVersion!: number | null;

  @Field(() => [FieldChange], {
    description:
      'What changed, field by field. What tells of a person is hidden; `revealSensitiveValue` shows it by path and side: `name.after`.',
  })
  changes!: FieldChange[];

  @Field(() => String, { nullable: true, description: 'The reason that was given.' })
  reason!: string | null;

  @Field(() => String, { nullable: true, description: 'Stable code of a refusal or failure.' })
  code!: string | null;

  @Field(() => ID, { nullable: true, description: 'The change request that it belongs to.' })
  changeRequestId!: string | null;

  @Field({ description: 'The request that it happened in: header X-Request-Id.' })
  requestId!: string;

  @Field(() => ID, { nullable: true, description: 'The session that it happened in.' })
  sessionId!: string | null;

  @Field(() => String, { nullable: true, description: 'Network address that the request came from.' })
  ipAddress!: string | null;

  @Field(() => String, { nullable: true, description: 'What the client called itself.' })
  userAgent!: string | null;

  @Field({ description: 'RFC 9162 leaf hash of the event, in hex: SHA-256 of a zero byte and its canonical bytes.' })
  hash!: string;

  @Field(() => String, {
    nullable: true,
    description: 'The canonical bytes (RFC 8785) that are hashed, as text; null once their time to be kept is over.',
  })
  content!: string | null;
}

@InputType({ description: 'Which events: all that is given must hold.' })
export class AuditEventFilter {
  @Field(() => ID, { nullable: true, description: 'Who did it.' })
  actorId?: string | null;

  @Field(() => String, { nullable: true, description: 'What happened: `invoice.voided`.' })
  action?: string | null;

  @Field(() => String, { nullable: true, description: 'Type of what it is about: `Invoice`.' })
  subjectType?: string | null;

  @Field(() => ID, { nullable: true, description: 'Id of what it is about.' })
  subjectId?: string | null;

  @Field(() => AuditOutcome, { nullable: true, description: 'How it ended.' })
  outcome?: AuditOutcome | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'From this instant on.' })
  from?: string | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'Before this instant.' })
  to?: string | null;

  @Field(() => String, { nullable: true, description: 'In this request.' })
  requestId?: string | null;

  @Field(() => ID, { nullable: true, description: 'Belonging to this change request.' })
  changeRequestId?: string | null;
}

export const AuditEventOrder = orderEnum('AuditEventOrder', ['AT']);
export const AuditEventConnection = connectionOf(() => AuditEvent, 'AuditEvent');
export const AuditEventsArgs = connectionArgs(AuditEventFilter, AuditEventOrder);
