import { Arg, Args, ID, Mutation, Query, Resolver } from 'type-graphql';
import { Ask, type Asked } from '../platform/asked';
import type { PageArgs } from '../platform/pagination';
import { payloadType } from '../platform/payload.type';
import { EndTaxRuleInput } from './end-tax-rule';
import { SetTaxRuleInput } from './set-tax-rule';
import { taxRuleRead } from './tax-rule.read';
import { TaxRule, TaxRuleConnection, TaxRulesArgs } from './tax-rule.type';

const SetTaxRulePayload = payloadType('SetTaxRulePayload', { taxRule: () => TaxRule });
const EndTaxRulePayload = payloadType('EndTaxRulePayload', { taxRule: () => TaxRule });

@Resolver()
export class TaxRuleResolver {
  @Query(() => TaxRule, { nullable: true, description: 'A tax rule.' })
  taxRule(@Arg('id', () => ID, { description: 'Id of the tax rule.' }) _id: string, @Ask() asked: Asked) {
    return asked.one(taxRuleRead);
  }

  @Query(() => TaxRuleConnection, { description: 'Tax rules, latest first unless told.' })
  taxRules(@Args(() => TaxRulesArgs) _args: PageArgs, @Ask() asked: Asked) {
    return asked.page(taxRuleRead);
  }

  @Mutation(() => SetTaxRulePayload, {
    description: 'Sets which taxes are due from an account or a place; always waits for a second person.',
  })
  setTaxRule(@Arg('input', { description: 'Whose, and which.' }) input: SetTaxRuleInput, @Ask() asked: Asked) {
    return asked.submit('taxRule.set', input);
  }

  @Mutation(() => EndTaxRulePayload, { description: 'Ends a tax rule; always waits for a second person.' })
  endTaxRule(@Arg('input', { description: 'Which one, and when.' }) input: EndTaxRuleInput, @Ask() asked: Asked) {
    return asked.submit('taxRule.end', input);
  }
}
