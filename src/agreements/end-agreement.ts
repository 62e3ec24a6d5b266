import { Field, InputType } from 'type-graphql';
import { operation } from '../platform/operation';
import { LocalDateScalar } from '../platform/scalars';
import { ChangeAgreementInput, factsOf, lockAgreement } from './agreement-terms';
import { assertEndable, shortened } from './agreement.rules';

@InputType({ description: 'When an agreement is over.' })
export class EndAgreementInput extends ChangeAgreementInput {
  @Field(() => LocalDateScalar, { description: 'The first day on which it holds no more, in the account’s zone.' })
  endsOn!: string;
}

/** Ends an agreement, once and for good: what holds after that day is signed anew. */
export const endAgreement = operation({
  name: 'agreement.end',
  subject: 'Agreement',
  summary: 'End an agreement',
  twoPeople: true,
  lock: (tx, { agreementId }: EndAgreementInput) => lockAgreement(tx, agreementId),
  authorize: (may, { agreement }) => may('end', agreement),
  decide: ({ agreement, versions }, { endsOn }) => {
    assertEndable(agreement, versions, endsOn);
    return { endsOn, ends: shortened(versions, endsOn) };
  },
  save: async (tx, { endsOn, ends }, { agreement }) => {
    for (const { version, effectiveUntil } of ends) await tx.update(version, { effectiveUntil });
    await tx.update(agreement, { endsOn });
  },
  record: ({ endsOn, ends }, { agreement }, { reason }) => ({
    action: 'agreement.ended',
    subjectId: agreement.id,
    changes: [
      { path: 'endsOn', before: agreement.endsOn, after: endsOn },
      ...ends.map(({ version, effectiveUntil }) => ({
        path: `versions.${version.versionNumber}.effectiveUntil`,
        before: version.effectiveUntil,
        after: effectiveUntil,
      })),
    ],
    reason,
  }),
  facts: ({ endsOn }, { agreement, today }) => factsOf(agreement, { lobIds: null, effectiveFrom: endsOn }, today),
});
