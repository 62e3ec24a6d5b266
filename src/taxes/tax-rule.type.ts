import { Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { Account } from '../accounts/account.type';
import { LegalEntity } from '../issuers/legal-entity.type';
import { connectionArgs, connectionOf, orderEnum } from '../platform/pagination';
import { DateTimeScalar, DecimalScalar, LocalDateScalar } from '../platform/scalars';
import type { TaxCategory } from './tax.rules';

export const TaxCategoryEnum = { S: 'S', Z: 'Z', E: 'E', AE: 'AE', K: 'K', G: 'G', O: 'O', L: 'L', M: 'M' } as const;
registerEnumType(TaxCategoryEnum, {
  name: 'TaxCategory',
  description: 'Category of a tax, as UNCL5305 and EN 16931 have it.',
  valuesConfig: {
    S: { description: 'Standard or reduced rate.' },
    Z: { description: 'Zero rated.' },
    E: { description: 'Exempt.' },
    AE: { description: 'Reverse charge: the buyer owes it.' },
    K: { description: 'Supply within the EU.' },
    G: { description: 'Export.' },
    O: { description: 'Outside the scope of the tax.' },
    L: { description: 'Canary Islands.' },
    M: { description: 'Ceuta and Melilla.' },
  },
});

@ObjectType({ description: 'A tax that is due.' })
export class TaxComponent {
  @Field({ description: 'As it stands on the invoice: CGST.' })
  name!: string;

  @Field(() => TaxCategoryEnum, { description: 'Its category.' })
  category!: TaxCategory;

  @Field(() => DecimalScalar, { description: 'Percent of the net amount.' })
  percent!: string;

  @Field(() => String, { nullable: true, description: 'Why none is due.' })
  exemptionReason!: string | null;
}

@ObjectType({ description: 'Which taxes are due from an account, or from whoever is in a place.' })
export class TaxRule {
  @Field(() => ID, { description: 'Id of the rule.' })
  id!: string;

  @Field(() => LegalEntity, { description: 'To whom they are due.' })
  legalEntity!: LegalEntity;

  @Field(() => Account, { nullable: true, description: 'The account that it is for; null: whoever is in the place.' })
  account!: Account | null;

  @Field(() => String, { nullable: true, description: 'The buyer’s country, by ISO 3166-1.' })
  country!: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'The buyer’s state or the like, by ISO 3166-2; null: all of the country that has no rule of its own.',
  })
  subdivision!: string | null;

  @Field(() => LocalDateScalar, { description: 'The first day that it holds for, in the account’s zone.' })
  validFrom!: string;

  @Field(() => LocalDateScalar, { nullable: true, description: 'The first day that it holds for no more.' })
  validUntil!: string | null;

  @Field(() => [TaxComponent], { description: 'What is due.' })
  components!: TaxComponent[];

  @Field(() => DateTimeScalar, { description: 'When it was set.' })
  createdAt!: string;

  @Field(() => Int, { description: 'Raised by one with each change; send it back as `expectedVersion`.' })
  version!: number;
}

@InputType({ description: 'Which rules: all that is given must hold.' })
export class TaxRuleFilter {
  @Field(() => ID, { nullable: true, description: 'Of this legal entity.' })
  legalEntityId?: string | null;

  @Field(() => ID, { nullable: true, description: 'For this account itself.' })
  accountId?: string | null;

  @Field(() => String, { nullable: true, description: 'For buyers of this country.' })
  country?: string | null;

  @Field(() => LocalDateScalar, { nullable: true, description: 'That hold on this day.' })
  holdingOn?: string | null;
}

export const TaxRuleOrder = orderEnum('TaxRuleOrder', ['CREATED_AT']);
export const TaxRuleConnection = connectionOf(() => TaxRule, 'TaxRule');
export const TaxRulesArgs = connectionArgs(TaxRuleFilter, TaxRuleOrder);
