import { accountRead } from '../accounts/account.read';
import { agentRead } from '../accounts/agent.read';
import { lobRead } from '../accounts/lob.read';
import { column, computed, declareRead, equals, instant, one, plains } from '../platform/read';
import { sql } from '../platform/sql';

export const callRecordRead = declareRead('CallRecord', {
  table: 'call_record',
  fields: {
    ...plains('id', 'sourceId', 'kind', 'corrects', 'service', 'outcome', 'resolved', 'flags'),
    ...plains('waitSeconds', 'talkSeconds'),
    account: one(() => accountRead, 'account_id'),
    lob: one(() => lobRead, 'lob_id'),
    agent: one(() => agentRead, 'agent_id'),
    agentCode: computed(
      (row, { may }) => sql`case when ${may('read', 'Agent', row)} then ${column(row, 'agent_code')} end`,
    ),
    source: computed(
      (row) => sql`(select s.code from usage_source s where s.number = ${column(row, 'source_number')})`,
    ),
    sequence: computed((row) => sql`${column(row, 'sequence')}::text`),
    startedAt: instant('started_at'),
    answeredAt: instant('answered_at'),
    endedAt: instant('ended_at'),
  },
  filters: {
    accountId: equals('account_id', 'uuid'),
    lobId: equals('lob_id', 'uuid'),
    agentId: equals('agent_id', 'uuid'),
    importId: equals('import_id', 'uuid'),
    outcome: equals('outcome', 'text'),
    kind: equals('kind', 'text'),
    flag: (row, flag) => sql`${flag}::text = any(${column(row, 'flags')})`,
    // The keys of the account's sources say in which month to look, and for which record.
    sourceId: (row, sourceId) =>
      sql`(${column(row, 'started_at')}, ${column(row, 'id')}) in (select k.started_at, k.id from call_key k
        where k.source_id = ${sourceId}::text and k.source_number in (select s.number from usage_source s))`,
    from: (row, from) => sql`${column(row, 'started_at')} >= ${from}::timestamptz`,
    to: (row, to) => sql`${column(row, 'started_at')} < ${to}::timestamptz`,
  },
  orders: { STARTED_AT: { column: 'started_at', type: 'timestamptz' } },
  defaultOrder: 'STARTED_AT_DESC',
});
