import { Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { Account } from '../accounts/account.type';
import { Agent } from '../accounts/agent.type';
import { Lob } from '../accounts/lob.type';
import { connectionArgs, connectionOf, orderEnum } from '../platform/pagination';
import { DateTimeScalar, DecimalScalar } from '../platform/scalars';

export enum CallKind {
  CALL = 'CALL',
  CORRECTION = 'CORRECTION',
  REVERSAL = 'REVERSAL',
}
registerEnumType(CallKind, {
  name: 'CallKind',
  description: 'What a record is.',
  valuesConfig: {
    CALL: { description: 'A call.' },
    CORRECTION: { description: 'What counts in place of the record that it corrects.' },
    REVERSAL: { description: 'The record that it names counts for nothing.' },
  },
});

export enum CallOutcome {
  HANDLED = 'HANDLED',
  ABANDONED = 'ABANDONED',
  VOICEMAIL = 'VOICEMAIL',
  SELF_SERVED = 'SELF_SERVED',
  TRANSFERRED = 'TRANSFERRED',
  FAILED = 'FAILED',
}
registerEnumType(CallOutcome, {
  name: 'CallOutcome',
  description: 'What became of a call.',
  valuesConfig: {
    HANDLED: { description: 'An agent took it.' },
    ABANDONED: { description: 'The caller hung up before anybody took it.' },
    VOICEMAIL: { description: 'The caller left a message.' },
    SELF_SERVED: { description: 'A machine settled it.' },
    TRANSFERRED: { description: 'It was passed on to somewhere else.' },
    FAILED: { description: 'It never was a call: a fault of lines or machines.' },
  },
});

export enum CallFlag {
  TIMES_MISFIT = 'TIMES_MISFIT',
  ZERO_TALK = 'ZERO_TALK',
  TALK_UNHANDLED = 'TALK_UNHANDLED',
  AGENT_UNKNOWN = 'AGENT_UNKNOWN',
}
registerEnumType(CallFlag, {
  name: 'CallFlag',
  description: 'What was odd about a record as it came: docs/USAGE.md.',
  valuesConfig: {
    TIMES_MISFIT: { description: 'Its times and durations did not fit together, and were made to.' },
    ZERO_TALK: { description: 'It was handled, and nobody talked.' },
    TALK_UNHANDLED: { description: 'It was not handled, and yet there was talk.' },
    AGENT_UNKNOWN: { description: 'No agent had its code when it came.' },
  },
});

@ObjectType({ description: 'A call, or what corrects one, as a system told it. It never changes.' })
export class CallRecord {
  @Field(() => ID, { description: 'Id of the record.' })
  id!: string;

  @Field(() => Account, { description: 'For whom it was.' })
  account!: Account;

  @Field(() => Lob, { description: 'The line of business.' })
  lob!: Lob;

  @Field({ description: 'The system that told it.' })
  source!: string;

  @Field({ description: 'Its id there: together they make a record once.' })
  sourceId!: string;

  @Field(() => DecimalScalar, {
    description:
      'Its place among the account’s records in the order in which they came, with gaps. A record that comes later stands behind all that could be seen before.',
  })
  sequence!: string;

  @Field(() => CallKind, { description: 'What it is.' })
  kind!: CallKind;

  @Field(() => String, { nullable: true, description: 'Source id of the record that it corrects or takes back.' })
  corrects!: string | null;

  @Field(() => String, { nullable: true, description: 'What kind of call it was, in the words of its source.' })
  service!: string | null;

  @Field(() => Agent, {
    nullable: true,
    description: 'Who took it; null also where the code was unknown when it came.',
  })
  agent!: Agent | null;

  @Field(() => String, {
    nullable: true,
    description: 'The agent’s code as it came; null for those who see no agents.',
  })
  agentCode!: string | null;

  @Field(() => DateTimeScalar, { description: 'When it began.' })
  startedAt!: string;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it was taken.' })
  answeredAt!: string | null;

  @Field(() => DateTimeScalar, { description: 'When it ended.' })
  endedAt!: string;

  @Field(() => Int, { description: 'How long the caller waited.' })
  waitSeconds!: number;

  @Field(() => Int, { description: 'How long they talked.' })
  talkSeconds!: number;

  @Field(() => CallOutcome, { description: 'What became of it.' })
  outcome!: CallOutcome;

  @Field(() => Boolean, { nullable: true, description: 'Whether what the caller wanted was settled; null if unknown.' })
  resolved!: boolean | null;

  @Field(() => [CallFlag], { description: 'What was odd about it.' })
  flags!: CallFlag[];
}

@InputType({ description: 'Which records: all that is given must hold.' })
export class CallRecordFilter {
  @Field(() => ID, { nullable: true, description: 'Of this account.' })
  accountId?: string | null;

  @Field(() => ID, { nullable: true, description: 'Of this line of business.' })
  lobId?: string | null;

  @Field(() => ID, { nullable: true, description: 'Of this agent.' })
  agentId?: string | null;

  @Field(() => ID, { nullable: true, description: 'That came with this import.' })
  importId?: string | null;

  @Field(() => String, { nullable: true, description: 'With exactly this id in their source.' })
  sourceId?: string | null;

  @Field(() => CallOutcome, { nullable: true, description: 'With this outcome.' })
  outcome?: CallOutcome | null;

  @Field(() => CallKind, { nullable: true, description: 'Of this kind.' })
  kind?: CallKind | null;

  @Field(() => CallFlag, { nullable: true, description: 'About which this was odd.' })
  flag?: CallFlag | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'That began then or later.' })
  from?: string | null;

  @Field(() => DateTimeScalar, { nullable: true, description: 'That began before then.' })
  to?: string | null;
}

export const CallRecordOrder = orderEnum('CallRecordOrder', ['STARTED_AT']);
export const CallRecordConnection = connectionOf(() => CallRecord, 'CallRecord');
export const CallRecordsArgs = connectionArgs(CallRecordFilter, CallRecordOrder);
