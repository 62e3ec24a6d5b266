import type { Transaction } from '../platform/transaction';

/**
 * Whether this PostgreSQL knows a zone, which Node may know without it: reads ask it what day it is there, and one account
 * with such a zone would break them for everybody.
 */
export async function isZoneInDatabase(tx: Transaction, timeZone: string): Promise<boolean> {
  const [answer] = await tx.query<{ known: boolean }>('SELECT zone_is_known($1) AS known', [timeZone]);
  return answer!.known;
}
