import { Field, ID, InputType } from 'type-graphql';
import { operation } from '../platform/operation';
import { Input } from '../platform/operation.type';
import { Code, Text } from '../platform/text';
import { Account } from './account.entity';
import { assertOpen } from './account.rules';
import { Lob } from './lob.entity';

@InputType({ description: 'A service to run for an account.' })
export class OpenLobInput extends Input {
  @Field(() => ID, { description: 'Id of the account.' })
  accountId!: string;

  @Code()
  @Field({
    description:
      'Short code, unique within the account: letters, digits, and `-`, `_` or `.` behind the first; at most 40.',
  })
  code!: string;

  @Text(200)
  @Field({ description: 'What the service is.' })
  name!: string;
}

export const openLob = operation({
  name: 'lob.open',
  subject: 'Lob',
  summary: 'Open a line of business',
  lock: async (tx, input: OpenLobInput) => ({ account: await tx.lock(Account, input.accountId) }),
  authorize: (may, { account }) => {
    may('read', account);
    may.create('open', 'Lob', { accountId: account.id });
  },
  decide: ({ account }, { code, name }, { newId }) => {
    assertOpen(account);
    return { id: newId(), accountId: account.id, code, name: name.trim(), status: 'OPEN' as const, closedAt: null };
  },
  save: (tx, lob) => tx.insert(Lob, lob as Lob),
  record: (lob) => ({
    action: 'lob.opened',
    subjectId: lob.id,
    changes: (['accountId', 'code', 'name', 'status'] as const).map((path) => ({
      path,
      before: null,
      after: lob[path],
    })),
  }),
  facts: (lob) => ({ accountId: lob.accountId, lobId: lob.id, lobIds: [lob.id] }),
});
