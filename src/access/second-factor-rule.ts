import { record } from '../audit/record';
import { type App, ownContext } from '../platform/context';
import { inTransaction, type Transaction } from '../platform/transaction';

const REQUIRED = 'SELECT second_factor_required() AS required';

/** Whether roles that approve, administer or audit count with a second factor only. */
export const isSecondFactorRequired = async (tx: Transaction): Promise<boolean> =>
  (await tx.query<{ required: boolean }>(REQUIRED))[0]!.required;

const SETTLE = `UPDATE access_rule SET second_factor_required = $1 WHERE second_factor_required <> $1 RETURNING one`;

/**
 * Writes down what the configuration says, at a start. It stands in the database, since who may decide is worked out there: all processes, and what the database
 * holds by itself, go by the last that was started. The trail tells of each change.
 */
export async function settleSecondFactor(app: App): Promise<void> {
  const { secondFactorRequired: after } = app.config;
  await inTransaction(ownContext(app, 'lifecycle'), async (tx) => {
    if ((await tx.write(SETTLE, [after])).length === 0) return;
    const changes = [{ path: 'SECOND_FACTOR', before: named(!after), after: named(after) }];
    await record(tx, { action: 'secondFactor.ruled', outcome: 'DONE', changes });
  });
}

const named = (required: boolean): string => (required ? 'required' : 'optional');
