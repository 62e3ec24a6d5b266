import { ValidateNested } from 'class-validator';
import { Field, InputType } from 'type-graphql';
import { assertOpen } from '../accounts/account.rules';
import { operation } from '../platform/operation';
import { AgreementRate } from './agreement-rate.entity';
import {
  AgreementTermsInput,
  changesOf,
  ChangeAgreementInput,
  factsOf,
  knownFor,
  lockAgreement,
  termsIn,
} from './agreement-terms';
import { AgreementVersion } from './agreement-version.entity';
import { assertAlone, assertAmendable, assertTerms, shortened, versionOf, withAnchor } from './agreement.rules';

@InputType({ description: 'What an agreement says from another day on.' })
export class AmendAgreementInput extends ChangeAgreementInput {
  @ValidateNested()
  @Field(() => AgreementTermsInput, { description: 'All that it says from then on.' })
  terms!: AgreementTermsInput;
}

/**
 * Puts another version beside those there are. What held from that day on holds until then; what began later never holds. A back-dated one
 * changes no invoice: what it makes of periods that were billed comes as corrections.
 */
export const amendAgreement = operation({
  name: 'agreement.amend',
  subject: 'Agreement',
  summary: 'Amend an agreement',
  twoPeople: true,
  lock: async (tx, { agreementId }: AmendAgreementInput) => {
    const state = await lockAgreement(tx, agreementId);
    return { ...state, known: await knownFor(tx, state.agreement.accountId, state.agreement.id) };
  },
  authorize: (may, { agreement }) => may('amend', agreement),
  decide: ({ agreement, account, versions, known }, input, { newId }) => {
    assertOpen(account);
    const terms = withAnchor(termsIn(input.terms), versions);
    assertAmendable(agreement, versions, terms.effectiveFrom);
    assertTerms(terms, known);
    assertAlone(terms, agreement, known);
    const { id: agreementId, accountId, endsOn } = agreement;
    const versionNumber = agreement.latestVersion + 1;
    return {
      ends: shortened(versions, terms.effectiveFrom),
      ...versionOf(terms, { agreementId, accountId, versionNumber, endsOn }, newId),
    };
  },
  save: async (tx, { ends, version, rates }, { agreement }) => {
    for (const { version: earlier, effectiveUntil } of ends) await tx.update(earlier, { effectiveUntil });
    await tx.insert(AgreementVersion, version as unknown as AgreementVersion);
    await tx.insert(AgreementRate, rates as unknown as AgreementRate[]);
    await tx.update(agreement, { latestVersion: version.versionNumber });
  },
  record: ({ ends, version, rates }, { agreement }, { reason }) => ({
    action: 'agreement.amended',
    subjectId: agreement.id,
    changes: [
      ...ends.map(({ version: earlier, effectiveUntil }) => ({
        path: `versions.${earlier.versionNumber}.effectiveUntil`,
        before: earlier.effectiveUntil,
        after: effectiveUntil,
      })),
      ...changesOf({ version, rates }),
    ],
    reason,
  }),
  facts: ({ version }, { agreement, today }) => factsOf(agreement, version, today),
});
