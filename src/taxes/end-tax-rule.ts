import { Field, ID, InputType } from 'type-graphql';
import { operation } from '../platform/operation';
import { ChangeInput } from '../platform/operation.type';
import { LocalDateScalar } from '../platform/scalars';
import { Text } from '../platform/text';
import { TaxRule } from './tax-rule.entity';
import { assertEndable } from './tax-rule.rules';

@InputType({ description: 'Which tax rule to end, and when.' })
export class EndTaxRuleInput extends ChangeInput {
  @Field(() => ID, { description: 'Id of the tax rule.' })
  taxRuleId!: string;

  @Field(() => LocalDateScalar, {
    description: 'The first day that it holds for no more; its first one if it never was to hold.',
  })
  endsOn!: string;

  @Text(500)
  @Field({ description: 'Why, for the approver and the trail.' })
  reason!: string;
}

/** Ends a tax rule. What was drafted under it stays as it was drafted. */
export const endTaxRule = operation({
  name: 'taxRule.end',
  subject: 'TaxRule',
  summary: 'End a tax rule',
  twoPeople: true,
  lock: async (tx, { taxRuleId }: EndTaxRuleInput) => ({ rule: await tx.lock(TaxRule, taxRuleId) }),
  authorize: (may, { rule }) => may('end', rule),
  decide: ({ rule }, { endsOn }) => {
    assertEndable(rule, endsOn);
    return { validUntil: endsOn };
  },
  save: (tx, ended, { rule }) => tx.update(rule, ended),
  record: ({ validUntil }, { rule }, { reason }) => ({
    action: 'taxRule.ended',
    subjectId: rule.id,
    changes: [{ path: 'validUntil', before: rule.validUntil, after: validUntil }],
    reason,
  }),
  facts: (_ended, { rule }) => ({ accountId: rule.accountId, risk: 'HIGH' }),
});
