import { ArrayMaxSize, ArrayMinSize, IsOptional, MaxLength, ValidateNested } from 'class-validator';
import { Field, ID, InputType } from 'type-graphql';
import { Account } from '../accounts/account.entity';
import { Lob } from '../accounts/lob.entity';
import type { ReportedMeasure } from '../agreements/rate.rules';
import { localDateOf } from '../platform/business-time';
import { operation } from '../platform/operation';
import { Input } from '../platform/operation.type';
import { DecimalScalar, LocalDateScalar } from '../platform/scalars';
import { Code, Text } from '../platform/text';
import { In } from 'typeorm';
import { ReportedMeasureEnum } from './usage-quantity.type';
import { UsageQuantity } from './usage-quantity.entity';
import { judgeReports, type Report } from './usage-quantity.rules';
import { lockLedger } from './usage-ledger';

@InputType({ description: 'So much of something on a day.' })
export class UsageReportInput {
  @Text(200)
  @Field({ description: 'Its id in the system that tells it: with it, it is kept once.' })
  sourceId!: string;

  @Field(() => ID, { description: 'The line of business that it is of.' })
  lobId!: string;

  @Field(() => ReportedMeasureEnum, { description: 'What it is.' })
  measure!: ReportedMeasure;

  @Field(() => LocalDateScalar, { description: 'The day, in the account’s zone; not one to come.' })
  day!: string;

  @Field(() => DecimalScalar, {
    description: 'How much; not below zero, with at most ten digits before and ten behind the point.',
  })
  quantity!: string;

  @IsOptional()
  @MaxLength(200)
  @Field(() => String, {
    nullable: true,
    description: 'Source id of what was told before, in whose place this counts; 0 takes it back.',
  })
  corrects?: string | null;
}

@InputType({ description: 'What nobody can count from calls: seats, hours, money collected.' })
export class ReportUsageInput extends Input {
  @Field(() => ID, { description: 'Id of the account.' })
  accountId!: string;

  @Code()
  @Field({ description: 'The system that tells it: letters, digits, and `-`, `_` or `.` behind the first.' })
  source!: string;

  @ArrayMinSize(1)
  @ArrayMaxSize(1000)
  @ValidateNested({ each: true })
  @Field(() => [UsageReportInput], { description: 'What is told, 1 to 1000. All of it is kept, or nothing.' })
  reports!: UsageReportInput[];
}

/** Keeps what is told, once by its source id; what is known already is known. */
export const reportUsage = operation({
  name: 'usage.report',
  subject: 'UsageQuantity',
  summary: 'Report seats, hours or money collected',
  lock: async (tx, { accountId, source, reports }: ReportUsageInput) => {
    const account = await tx.lock(Account, accountId);
    const lobs = await tx.find(Lob, { accountId: account.id });
    const named = [...new Set(reports.flatMap(({ sourceId, corrects }) => [sourceId, corrects ?? []].flat()))];
    const told = await tx.find(UsageQuantity, { accountId: account.id, source, sourceId: In(named) });
    const firsts = told.flatMap(({ correctsId }) => correctsId ?? []);
    const more = firsts.length === 0 ? [] : await tx.find(UsageQuantity, { id: In(firsts) });
    const quantities = [...new Map([...told, ...more].map((each) => [each.id, each])).values()];
    // A function: what is in the state is searched for rows that were locked.
    const present = {
      lobIds: new Set(lobs.map(({ id }) => id)),
      quantities,
      today: localDateOf(tx.now, account.timeZone),
    };
    return { account, present: () => present };
  },
  authorize: (may, { account }) => {
    may('read', account);
    may.create('import', 'Usage', { accountId: account.id });
  },
  decide: ({ account, present }, { reports, source }, { newId, actorId }) => ({
    ...judgeReports(reports.map(reportIn), present(), newId),
    accountId: account.id,
    source,
    reportedById: actorId,
  }),
  save: async (tx, { fresh, ids, knownIds, accountId, source, reportedById }) => {
    if (fresh.length === 0) return { quantities: knownIds };
    const base = await lockLedger(tx, accountId, fresh.length);
    const rows = fresh.map(({ report: { corrects: _corrects, ...report }, corrects }, index) => ({
      id: ids[index]!,
      ...report,
      accountId,
      source,
      correctsId: corrects,
      sequence: String(base + index + 1),
      reportedById,
    }));
    await tx.insert(UsageQuantity, rows as UsageQuantity[]);
    const corrected = fresh.flatMap(({ corrects }) => corrects ?? []);
    await tx.write(TOUCH, [accountId, base + fresh.length, fresh.map(({ report }) => report.day), corrected]);
    return { quantities: [...knownIds, ...ids] };
  },
  record: ({ fresh, knownIds, accountId, source }) => ({
    action: 'usage.reported',
    subjectType: 'Account',
    subjectId: accountId,
    changes: [
      { path: 'source', before: null, after: source },
      { path: 'known', before: null, after: knownIds.length },
      ...fresh.map(({ report }) => ({ path: `reports.${report.sourceId}`, before: null, after: report })),
    ],
  }),
  facts: ({ accountId }) => ({ accountId }),
});

/** The days of what is new, and of all that corrects the same as it does. */
const TOUCH = `INSERT INTO usage_day (account_id, day, last_sequence)
  SELECT DISTINCT $1::uuid, d.day, $2::bigint FROM (SELECT unnest($3::date[]) AS day
    UNION SELECT q.day FROM usage_quantity q WHERE q.id = ANY ($4::uuid[]) OR q.corrects_id = ANY ($4::uuid[])) d
  ON CONFLICT (account_id, day) DO UPDATE SET last_sequence = excluded.last_sequence RETURNING day`;

const reportIn = ({ sourceId, lobId, measure, day, quantity, corrects }: UsageReportInput): Report => ({
  sourceId: sourceId.trim(),
  lobId: lobId.toLowerCase(),
  measure,
  day,
  quantity,
  corrects: corrects == null || corrects.trim() === '' ? null : corrects.trim(),
});
