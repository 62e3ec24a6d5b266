import { ArrayMaxSize, ArrayMinSize, IsOptional, ValidateNested } from 'class-validator';
import { Field, ID, InputType } from 'type-graphql';
import { Account } from '../accounts/account.entity';
import { legalEntityOf } from '../issuers/legal-entity-of';
import { operation } from '../platform/operation';
import { Input } from '../platform/operation.type';
import { DecimalScalar, LocalDateScalar } from '../platform/scalars';
import { Text } from '../platform/text';
import type { TaxCategory } from './tax.rules';
import { TaxRule } from './tax-rule.entity';
import { assertTaxRule } from './tax-rule.rules';
import { TaxCategoryEnum } from './tax-rule.type';

@InputType({ description: 'A tax that is due.' })
export class TaxComponentInput {
  @Text(40)
  @Field({ description: 'As it stands on the invoice: CGST.' })
  name!: string;

  @Field(() => TaxCategoryEnum, { description: 'Its category.' })
  category!: TaxCategory;

  @Field(() => DecimalScalar, { description: 'Percent of the net amount, 0 to 100 with at most four decimals.' })
  percent!: string;

  @IsOptional()
  @Text(200)
  @Field(() => String, { nullable: true, description: 'Why none is due: of categories E, AE, K, G and O.' })
  exemptionReason?: string | null;
}

@InputType({ description: 'Which taxes are due from an account, or from whoever is in a place.' })
export class SetTaxRuleInput extends Input {
  @Field(() => ID, { description: 'Id of the legal entity that they are due to.' })
  legalEntityId!: string;

  @Field(() => ID, { nullable: true, description: 'The account that it is for, wherever it is.' })
  accountId?: string | null;

  @IsOptional()
  @Text(2)
  @Field(() => String, { nullable: true, description: 'Or the buyers’ country, by ISO 3166-1.' })
  country?: string | null;

  @IsOptional()
  @Text(6)
  @Field(() => String, { nullable: true, description: 'And within it their state or the like, by ISO 3166-2.' })
  subdivision?: string | null;

  @Field(() => LocalDateScalar, { description: 'The first day that it holds for, in the account’s zone.' })
  validFrom!: string;

  @Field(() => LocalDateScalar, { nullable: true, description: 'The first day that it holds for no more.' })
  validUntil?: string | null;

  @ArrayMinSize(1)
  @ArrayMaxSize(5)
  @ValidateNested({ each: true })
  @Field(() => [TaxComponentInput], { description: 'What is due, 1 to 5 taxes.' })
  components!: TaxComponentInput[];

  @Text(500)
  @Field({ description: 'Where it is from, for the approver and the trail.' })
  reason!: string;
}

/** Sets which taxes are due. A rule is never changed: it ends, and another holds from then on. */
export const setTaxRule = operation({
  name: 'taxRule.set',
  subject: 'TaxRule',
  summary: 'Set which taxes are due',
  twoPeople: true,
  lock: async (tx, { legalEntityId, accountId }: SetTaxRuleInput) => ({
    legalEntityId: await legalEntityOf(tx, legalEntityId),
    account: accountId == null ? null : await tx.lock(Account, accountId),
  }),
  authorize: (may, { account }) => {
    if (account) may('read', account);
    may.create('set', 'TaxRule');
  },
  decide: ({ legalEntityId, account }, input, { newId }) => {
    const rule = {
      legalEntityId,
      accountId: account?.id ?? null,
      country: input.country ?? null,
      subdivision: input.subdivision ?? null,
      validFrom: input.validFrom,
      validUntil: input.validUntil ?? null,
      components: input.components.map(({ name, category, percent, exemptionReason }) => ({
        name: name.trim(),
        category,
        percent,
        exemptionReason: exemptionReason?.trim() ?? null,
      })),
    };
    assertTaxRule(rule);
    return { id: newId(), ...rule };
  },
  save: (tx, rule) => tx.insert(TaxRule, rule as TaxRule),
  record: ({ id, ...rule }, _state, { reason }) => ({
    action: 'taxRule.set',
    subjectId: id,
    changes: Object.entries(rule).map(([path, after]) => ({ path, before: null, after })),
    reason,
  }),
  facts: ({ accountId }) => ({ accountId, risk: 'HIGH' }),
});
