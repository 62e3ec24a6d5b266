import { Length, Matches } from 'class-validator';
import { Field, ID, InputType } from 'type-graphql';
import { Account } from '../accounts/account.entity';
import { assertOpen } from '../accounts/account.rules';
import { localDateOf } from '../platform/business-time';
import { exponentOf } from '../platform/money';
import { operation } from '../platform/operation';
import { Code, Text } from '../platform/text';
import { AgreementRate } from './agreement-rate.entity';
import { changesOf, factsOf, knownFor, TermsInput, termsIn } from './agreement-terms';
import { AgreementVersion } from './agreement-version.entity';
import { Agreement } from './agreement.entity';
import { assertAlone, assertTerms, versionOf } from './agreement.rules';

@InputType({ description: 'What was agreed with a client.' })
export class SignAgreementInput extends TermsInput {
  @Field(() => ID, { description: 'Id of the account.' })
  accountId!: string;

  @Code()
  @Field({
    description:
      'Short code, unique within the account: letters, digits, and `-`, `_` or `.` behind the first; at most 40.',
  })
  code!: string;

  @Text(200)
  @Field({ description: 'What to call it.' })
  name!: string;

  @Length(3, 3)
  @Matches(/^[A-Z]{3}$/)
  @Field(() => String, {
    nullable: true,
    description: 'ISO 4217 code of all of its rates; the currency of the account unless told.',
  })
  currency?: string | null;
}

/** Keeps an agreement with its first version. No two of an account are about the same line of business on the same day. */
export const signAgreement = operation({
  name: 'agreement.sign',
  subject: 'Agreement',
  summary: 'Sign an agreement',
  twoPeople: true,
  lock: async (tx, input: SignAgreementInput) => {
    const account = await tx.lock(Account, input.accountId);
    return { account, known: await knownFor(tx, account.id), today: localDateOf(tx.now, account.timeZone) };
  },
  authorize: (may, { account }) => {
    may('read', account);
    may.create('sign', 'Agreement', { accountId: account.id });
  },
  decide: ({ account, known }, input, { newId }) => {
    assertOpen(account);
    const currency = input.currency ?? account.currency;
    exponentOf(currency);
    const terms = termsIn(input.terms);
    assertTerms(terms, known);
    assertAlone(terms, { accountId: account.id, endsOn: null }, known);
    const of = { agreementId: newId(), accountId: account.id, versionNumber: 1, endsOn: null };
    const { accountId, code, name } = { accountId: account.id, code: input.code, name: input.name.trim() };
    const agreement = { id: of.agreementId, accountId, code, name, currency, endsOn: null, latestVersion: 1 };
    return { agreement, ...versionOf(terms, of, newId) };
  },
  save: async (tx, { agreement, version, rates }) => {
    await tx.insert(Agreement, agreement as Agreement);
    await tx.insert(AgreementVersion, version as unknown as AgreementVersion);
    await tx.insert(AgreementRate, rates as unknown as AgreementRate[]);
  },
  record: ({ agreement, version, rates }, _state, { reason }) => ({
    action: 'agreement.signed',
    subjectId: agreement.id,
    changes: [
      ...(['accountId', 'code', 'name', 'currency'] as const).map((path) => ({
        path,
        before: null,
        after: agreement[path],
      })),
      ...changesOf({ version, rates }),
    ],
    reason,
  }),
  facts: ({ agreement, version }, { today }) => factsOf(agreement, version, today),
});
