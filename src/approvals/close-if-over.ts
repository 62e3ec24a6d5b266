import { DomainError } from '../platform/errors';
import type { Consequence } from '../platform/operation';
import type { Transaction } from '../platform/transaction';
import { ChangeRequest } from './change-request.entity';
import { isWaiting } from './change-request.rules';

/** What was approved cannot be done any more. Keeps the code of the refusal that it met. */
export class ChangeFailed extends DomainError {
  constructor(readonly met: DomainError) {
    super('CHANGE_REQUEST_FAILED', `It cannot be carried out: ${met.message}`, { code: met.code, ...met.details });
  }
}

const OVER: Record<string, 'STALE' | 'FAILED' | 'EXPIRED'> = {
  CHANGE_REQUEST_STALE: 'STALE',
  CHANGE_REQUEST_FAILED: 'FAILED',
  CHANGE_REQUEST_EXPIRED: 'EXPIRED',
};

/** What ends a request. One that has expired did so at its instant, not when that was noticed. */
export const closed = (
  { expiresAt }: Pick<ChangeRequest, 'expiresAt'>,
  status: 'STALE' | 'FAILED' | 'EXPIRED',
  failureCode: string,
  now: Date,
) => ({ status, closedAt: status === 'EXPIRED' ? expiresAt : now, failureCode });

/** After a refusal that ends the request: marks it so, unless somebody was faster, and tells the refusal's event. */
export async function closeIfOver(tx: Transaction, id: string, error: unknown): Promise<Consequence> {
  const status = error instanceof DomainError ? OVER[error.code] : undefined;
  if (!status) return {};
  const request = await tx.lock(ChangeRequest, id);
  if (!isWaiting(request)) return {};
  const failureCode = error instanceof ChangeFailed ? error.met.code : (error as DomainError).code;
  await tx.update(request, closed(request, status, failureCode, tx.now));
  return { changes: [{ path: 'status', before: request.status, after: status }] };
}
