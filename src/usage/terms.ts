import type { Account } from '../accounts/account.entity';
import type { Askable } from '../platform/pooled';
import type { Codes, Terms } from './call-line.rules';
import { zoneClock } from './zone-clock';

const LOBS = 'SELECT id, code, closed_at FROM lob WHERE account_id = $1';
const AGENTS = 'SELECT id, code FROM agent WHERE code = ANY($1)';

/** What lines of an account are judged by besides its clock, as of now, if they name these agents. */
export async function codesOf(
  { query }: Askable,
  accountId: string,
  agentCodes: Iterable<string>,
  now: Date,
): Promise<Codes> {
  const lobs = await query<{ id: string; code: string; closed_at: Date | null }>(LOBS, [accountId]);
  const agents = await query<{ id: string; code: string }>(AGENTS, [[...new Set(agentCodes)]]);
  return {
    now: now.getTime(),
    lobs: new Map(
      lobs.map(({ id, code, closed_at: closedAt }) => [code, { id, closedAt: closedAt?.getTime() ?? null }]),
    ),
    agents: new Map(agents.map(({ id, code }) => [code, id])),
  };
}

export const termsOf = async (
  ask: Askable,
  { id, timeZone }: Pick<Account, 'id' | 'timeZone'>,
  agentCodes: Iterable<string>,
  now: Date,
): Promise<Terms> => ({ ...(await codesOf(ask, id, agentCodes, now)), toInstant: zoneClock(timeZone) });
