import { accountRead } from '../accounts/account.read';
import { lobRead } from '../accounts/lob.read';
import { eventsBelong } from '../audit/event.read';
import { pendingChanges } from '../approvals/change-request.read';
import {
  CODE,
  column,
  computed,
  connection,
  contains,
  CREATED_AT,
  decimal,
  declareRead,
  elements,
  equals,
  extendRead,
  instant,
  list,
  one,
  plains,
  tokens,
  type Viewing,
} from '../platform/read';
import { raw, sql, type Sql } from '../platform/sql';

/** Today in the zone of the account that an agreement is with. */
const today = (agreement: string, { now }: Viewing): Sql =>
  sql`(select (${now}::timestamptz at time zone a.time_zone)::date from account a where a.id = ${column(agreement, 'account_id')})`;

const holds = (version: string, on: Sql): Sql =>
  sql`daterange(${column(version, 'effective_from')}, ${column(version, 'effective_until')}) @> ${on}`;

export const agreementRead = declareRead('Agreement', {
  table: 'agreement',
  fields: {
    ...plains('id', 'name', 'endsOn', 'version'),
    ...tokens('code', 'currency'),
    account: one(() => accountRead, 'account_id'),
    versions: list(() => agreementVersionRead, 'agreement_id', 'version_number'),
    current: {
      kind: 'one',
      read: () => agreementVersionRead,
      on: (version, agreement, viewing) =>
        sql`${column(version, 'agreement_id')} = ${column(agreement, 'id')} and ${holds(version, today(agreement, viewing))}`,
    },
    pendingChanges: pendingChanges('Agreement'),
    createdAt: instant('created_at'),
  },
  filters: {
    accountId: equals('account_id', 'uuid'),
    code: equals('code', 'text'),
    search: contains('code', 'name'),
    holding: (row, wanted, viewing) =>
      sql`${wanted}::boolean = exists (select from agreement_version v where v.agreement_id = ${column(row, 'id')} and ${holds('v', today(row, viewing))})`,
  },
  orders: { CODE, CREATED_AT },
  defaultOrder: 'CODE_ASC',
});

export const agreementVersionRead = declareRead('AgreementVersion', {
  table: 'agreement_version',
  partOfWhole: true,
  fields: {
    ...plains('id', 'versionNumber', 'effectiveFrom', 'effectiveUntil', 'lobIds', 'cycle', 'anchorOn', 'paymentDays'),
    ...plains('disputeDays', 'reviewDays', 'taxInclusive', 'rounding', 'calendarCode'),
    taxRate: decimal('tax_rate'),
    rates: list(() => agreementRateRead, 'agreement_version_id', 'line_number'),
    createdAt: instant('created_at'),
  },
});

/** What the charge says, by the path of its member. */
const said = (...path: string[]) =>
  computed((row) => sql`${column(row, 'charge')} #>> ${raw(`'{${path.join(',')}}'`)}`);

export const agreementRateRead = declareRead('AgreementRate', {
  table: 'agreement_rate',
  partOfWhole: true,
  fields: {
    ...plains('id', 'lineNumber', 'name', 'service', 'measure', 'initialSeconds', 'incrementSeconds'),
    lob: one(() => lobRead, 'lob_id'),
    model: said('price', 'model'),
    perUnit: said('price', 'perUnit'),
    tiers: elements((row) => sql`${column(row, 'charge')} #> '{price,tiers}'`),
    packageSize: said('price', 'size'),
    packageAmount: said('price', 'amount'),
    percent: said('price', 'percent'),
    divideBy: said('increment', 'divideBy'),
    unitRounding: computed((row) => sql`coalesce(${column(row, 'charge')} #>> '{increment,rounding}', 'NONE')`),
    freeUnits: said('freeUnits'),
    discountPercent: said('discountPercent'),
    minimum: said('minimum'),
    maximum: said('maximum'),
    windows: elements((row) => column(row, 'windows')),
  },
});

extendRead(accountRead, { agreements: connection(() => agreementRead, 'account_id') });

eventsBelong('Agreement', 'agreement', 'accountId', 'account_id');
