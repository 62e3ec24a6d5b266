import { refuse } from '../platform/errors';
import { isZone } from '../platform/business-time';
import { isCurrency } from '../platform/money';
import type { Account } from './account.entity';

/** Refuses a currency or a time zone that does not exist: CURRENCY_UNKNOWN, ZONE_UNKNOWN. */
export function assertCurrencyAndZone(currency: string, timeZone: string, inDatabase: boolean): void {
  if (!isCurrency(currency)) refuse('CURRENCY_UNKNOWN', 'There is no such currency in ISO 4217.');
  assertZone(timeZone, inDatabase);
}

/** `inDatabase`: whether PostgreSQL knows it, too. */
export function assertZone(timeZone: string, inDatabase: boolean): void {
  if (!isZone(timeZone) || !inDatabase) refuse('ZONE_UNKNOWN', 'There is no such time zone in the IANA database.');
}

/** Whatever is done for an account is done for an open one. */
export function assertOpen({ status }: Pick<Account, 'status'>): void {
  if (status !== 'OPEN') refuse('ACCOUNT_CLOSED', 'This account is closed.');
}

/** An account closes when nothing is owed on it any more. `openInvoices` counts those issued and not settled, and drafts. */
export function assertClosable(account: Pick<Account, 'status'>, openInvoices: number): void {
  if (account.status !== 'OPEN') refuse('ACCOUNT_NOT_CLOSABLE', 'This account is closed already.');
  if (openInvoices > 0)
    refuse('ACCOUNT_NOT_CLOSABLE', 'This account has open invoices: settle or void them first.', { openInvoices });
}
