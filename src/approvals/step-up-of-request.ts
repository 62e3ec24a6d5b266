import type { Transaction } from '../platform/transaction';
import type { ChangeRequest } from './change-request.entity';

const ABOVE = `SELECT NOT coalesce(converted_minor($1, $2, $3, $4) <= $5::numeric, false) AS above`;

/** Whether a yes to a request asks for a one-time code: where proposing it did, and where it is of more than STEP_UP_ABOVE, or of nobody knows how much. */
export async function asksForCode(tx: Transaction, request: ChangeRequest): Promise<boolean> {
  const { catalogue, config } = tx.context.app;
  if (catalogue.find(request.operation).stepUp) return true;
  if (request.amountMinor === null) return false;
  const { minor, currency } = config.stepUpAbove;
  const day = tx.now.toISOString().slice(0, 10);
  const values = [request.amountMinor, request.amountCurrency, currency, day, String(minor)];
  return (await tx.query<{ above: boolean }>(ABOVE, values))[0]!.above;
}
