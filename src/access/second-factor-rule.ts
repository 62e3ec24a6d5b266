import { record } from '../audit/record';
import type { Config } from '../config';
import { type App, ownContext } from '../platform/context';
import type { FieldChange } from '../platform/operation';
import { inTransaction, type Transaction } from '../platform/transaction';
import { OVERSEEING } from './second-factor.rules';

const REQUIRED = 'SELECT second_factor_required() AS required';

/** Whether any role counts with a second factor only: those that approve, administer and audit are always among them. */
export const isSecondFactorRequired = async (tx: Transaction): Promise<boolean> =>
  (await tx.query<{ required: boolean }>(REQUIRED))[0]!.required;

/** The one row of access_rule. */
interface Rule {
  required: boolean;
  /** Those that need it; null: every role. */
  roles: string[] | null;
  /** Whose tokens may tell of two factors. */
  issuer: string | null;
}

const RULE = `SELECT second_factor_required AS required, second_factor_roles AS roles, strong_issuer AS issuer FROM access_rule FOR UPDATE`;
const SETTLE = `UPDATE access_rule SET second_factor_required = $1, second_factor_roles = $2, strong_issuer = $3 RETURNING one`;

/**
 * Writes down what the configuration says, at a start. It stands in the database, since who may decide is worked out there: all processes, and what the database
 * holds by itself, go by the last that was started. The trail tells of each change.
 */
export async function settleSecondFactor(app: App): Promise<void> {
  const after = ruleOf(app.config);
  await inTransaction(ownContext(app, 'lifecycle'), async (tx) => {
    const [before] = await tx.query<Rule>(RULE);
    const changes = before ? changed(before, after) : [];
    if (changes.length === 0) return;
    await tx.write(SETTLE, [after.required, after.roles, after.issuer]);
    await record(tx, { action: 'secondFactor.ruled', outcome: 'DONE', changes });
  });
}

const ruleOf = ({ secondFactor, openId }: Config): Rule => ({
  required: secondFactor !== 'optional',
  roles: secondFactor === 'approvers' ? [...OVERSEEING] : null,
  issuer: openId?.strength ? openId.issuer : null,
});

const changed = (before: Rule, after: Rule): FieldChange[] =>
  [
    { path: 'SECOND_FACTOR', before: named(before), after: named(after) },
    { path: 'OIDC_ISSUER', before: before.issuer, after: after.issuer },
  ].filter((each) => each.before !== each.after);

const named = ({ required, roles }: Rule): Config['secondFactor'] =>
  !required ? 'optional' : roles === null ? 'required' : 'approvers';
