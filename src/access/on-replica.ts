import type { Plan } from '../platform/plan';
import { type Reached, valuesOf, WHEN_CAUGHT_UP } from '../platform/positions';
import { nameOf, type Statement } from '../platform/statements';
import { TO_VIEWER } from './identify';

const PRIMARY = TO_VIEWER.toQuery();

const made = new WeakMap<Plan, Statement>();

/**
 * A plan as a replica is asked: it begins with whether it has caught up instead of with who the viewer is, which the primary
 * alone knows, and goes on alike. Made when a replica is first asked.
 */
export function onReplica(plan: Plan): Statement {
  const known = made.get(plan);
  if (known) return known;
  if (!plan.text.startsWith(PRIMARY.text)) throw new Error('This plan is for nobody in particular.');
  const text = WHEN_CAUGHT_UP + plan.text.slice(PRIMARY.text.length);
  const statement = { text, name: nameOf(text), uses: 0 };
  made.set(plan, statement);
  return statement;
}

/** The values for it, out of those for the primary. */
export function valuesOnReplica(values: readonly unknown[], reached: Reached): unknown[] {
  const own = valuesOf(reached);
  if (own.length !== PRIMARY.values.length) throw new Error('Both beginnings must take as many values.');
  return [...own, ...values.slice(own.length)];
}
