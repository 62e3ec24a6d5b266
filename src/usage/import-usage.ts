import { ArrayMaxSize, ArrayMinSize, IsOptional, MaxLength, Min, ValidateNested } from 'class-validator';
import { Field, ID, InputType, Int } from 'type-graphql';
import { Account } from '../accounts/account.entity';
import { isId } from '../platform/ids';
import { operation } from '../platform/operation';
import { Input } from '../platform/operation.type';
import { Code } from '../platform/text';
import { notFound, type Transaction } from '../platform/transaction';
import { judge, type Said } from './call-line.rules';
import { type Decided, linesOf, saveBatch } from './save-batch';
import { termsOf } from './terms';
import { UsageImport } from './usage-import.entity';
import {
  assertGoesOn,
  type Counts,
  type FileBatch,
  importChanges,
  type JudgedLine,
  NOTHING,
} from './usage-import.rules';

const optional = (description: string) => ({ nullable: true, description });

@InputType({ description: 'A call, as docs/USAGE.md says. What is wrong with one is told of it alone.' })
export class UsageRecordInput {
  @MaxLength(200)
  @Field({ description: 'Id of the call in its source: it makes a record once.' })
  sourceId!: string;

  @MaxLength(200)
  @Field({ description: 'Code of the line of business.' })
  lob!: string;

  @IsOptional()
  @MaxLength(200)
  @Field(() => String, optional('What kind of call it was.'))
  service?: string | null;

  @IsOptional()
  @MaxLength(200)
  @Field(() => String, optional('Code of the agent.'))
  agent?: string | null;

  @MaxLength(40)
  @Field({ description: 'When it began: an instant in RFC 3339, or without a zone a local time of the account’s.' })
  startedAt!: string;

  @IsOptional()
  @MaxLength(40)
  @Field(() => String, optional('When an agent took it.'))
  answeredAt?: string | null;

  @IsOptional()
  @MaxLength(40)
  @Field(() => String, optional('When it ended.'))
  endedAt?: string | null;

  @IsOptional()
  @Min(-86_400)
  @Field(() => Int, optional('How long the caller waited.'))
  waitSeconds?: number | null;

  @IsOptional()
  @Min(-86_400)
  @Field(() => Int, optional('How long they talked.'))
  talkSeconds?: number | null;

  @IsOptional()
  @MaxLength(40)
  @Field(() => String, optional('What became of it: a `CallOutcome`.'))
  outcome?: string | null;

  @IsOptional()
  @Field(() => Boolean, optional('Whether what the caller wanted was settled.'))
  resolved?: boolean | null;

  @IsOptional()
  @MaxLength(40)
  @Field(() => String, optional('A `CallKind`; a call unless told, or a correction where it corrects one.'))
  kind?: string | null;

  @IsOptional()
  @MaxLength(200)
  @Field(() => String, optional('Source id of the record that it corrects or takes back.'))
  corrects?: string | null;
}

@InputType({ description: 'A batch of calls from one system.' })
export class ImportUsageInput extends Input {
  @Field(() => ID, { description: 'Id of the account.' })
  accountId!: string;

  @Code()
  @Field({ description: 'The system that they come from: letters, digits, and `-`, `_` or `.` behind the first.' })
  source!: string;

  @ArrayMinSize(1)
  @ArrayMaxSize(1000)
  @ValidateNested({ each: true })
  @Field(() => [UsageRecordInput], { description: 'The calls, 1 to 1000.' })
  records!: UsageRecordInput[];

  /** Lines of a file in place of records: no client can say so. A function, so that nothing copies what it holds. */
  batch?: () => FileBatch;
}

const saidBy = (record: UsageRecordInput): Said =>
  Object.fromEntries(
    Object.entries(record).flatMap(([field, value]) => {
      const text = value == null ? '' : String(value).trim();
      return text === '' ? [] : [[field, text]];
    }),
  );

async function lock(tx: Transaction, { accountId, records, batch }: ImportUsageInput) {
  const [account] = isId(accountId) ? await tx.find(Account, { id: accountId }) : [];
  if (!account) return notFound('Account');
  const file = batch?.() ?? null;
  const row = file?.importId == null ? null : await tx.lock(UsageImport, file.importId);
  const agents = (file ? [] : records).flatMap(({ agent }) => agent?.trim() ?? []);
  const terms = await termsOf({ query: (text, values) => tx.query(text, values) }, account, agents, tx.now);
  // A function: what is in the state is searched for rows that were locked.
  return { account, row, file: () => file, terms };
}

/** Adds calls that are not there yet: a batch over GraphQL, which is an import by itself, or the next lines of a file. */
export const importUsage = operation({
  name: 'usage.import',
  subject: 'UsageImport',
  summary: 'Import calls',
  lock,
  authorize: (may, { account, row }) => {
    may('read', account);
    if (row) may('read', row);
    may.create('import', 'Usage', { accountId: account.id });
  },
  decide: ({ account, row, file: given, terms }, { records, source }, { newId, now, actorId }): Decided => {
    const file = given();
    if (row && file) assertGoesOn(row, file);
    const lines: JudgedLine[] = records.map((record, index) => ({
      number: index + 1,
      text: JSON.stringify(record),
      judged: judge(saidBy(record), terms),
    }));
    const state = !file || file.last ? 'DONE' : 'RUNNING';
    return {
      id: row?.id ?? newId(),
      accountId: account.id,
      source,
      startedById: actorId,
      now,
      state,
      lines,
      row,
      file,
    };
  },
  save: async (tx, decided) => ({ counts: await saveBatch(tx, decided) }),
  record: (decided, { row }, _input, saved) => ({
    action: 'usage.imported',
    subjectId: decided.id,
    changes: importChanges(
      row,
      decided.source,
      (saved?.counts as Counts) ?? { ...NOTHING, in: linesOf(decided) },
      decided.state,
    ),
  }),
  facts: (_decided, { account }) => ({ accountId: account.id }),
});
