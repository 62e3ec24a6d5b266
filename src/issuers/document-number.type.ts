import { Field, ID, InputType, Int, ObjectType, registerEnumType } from 'type-graphql';
import { connectionArgs, connectionOf, orderEnum } from '../platform/pagination';
import { DateTimeScalar } from '../platform/scalars';
import { LegalEntity } from './legal-entity.type';
import type { DocumentType } from './number-format.rules';

export const DocumentTypeEnum = { INVOICE: 'INVOICE', CREDIT_NOTE: 'CREDIT_NOTE' } as const;
registerEnumType(DocumentTypeEnum, {
  name: 'DocumentType',
  description: 'What is numbered.',
  valuesConfig: { INVOICE: { description: 'Invoices.' }, CREDIT_NOTE: { description: 'Credit notes.' } },
});

const NumberState = { USED: 'USED', VOIDED: 'VOIDED', BURNED: 'BURNED' } as const;
registerEnumType(NumberState, {
  name: 'NumberState',
  description: 'What became of a number.',
  valuesConfig: {
    USED: { description: 'A document has it.' },
    VOIDED: { description: 'The document that has it was voided; it is never given again.' },
    BURNED: { description: 'No document has it, on purpose.' },
  },
});

@ObjectType({ description: 'A number that was given, or several that were burned at once.' })
export class DocumentNumber {
  @Field(() => ID, { description: 'Id of its line in the ledger.' })
  id!: string;

  @Field(() => LegalEntity, { description: 'Whose it is.' })
  legalEntity!: LegalEntity;

  @Field(() => DocumentTypeEnum, { description: 'Of what.' })
  documentType!: DocumentType;

  @Field(() => Int, { description: 'The calendar year in which the fiscal year begins.' })
  fiscalYear!: number;

  @Field(() => Int, { description: 'Its place in the series, from 1; of several that of the first.' })
  firstInSeries!: number;

  @Field(() => Int, { description: 'The place of the last of them; the same where there is one.' })
  lastInSeries!: number;

  @Field({ description: 'As it is written; of several the first.' })
  number!: string;

  @Field({ description: 'The last of them as it is written; the same where there is one.' })
  lastNumber!: string;

  @Field(() => NumberState, { description: 'What became of it.' })
  state!: keyof typeof NumberState;

  @Field(() => String, {
    nullable: true,
    description: 'Why no document has it, or why the one that has it was voided.',
  })
  reason!: string | null;

  @Field(() => DateTimeScalar, { description: 'When it was given, or burned.' })
  givenAt!: string;

  @Field(() => DateTimeScalar, { nullable: true, description: 'When it was voided or burned.' })
  endedAt!: string | null;
}

@InputType({ description: 'Which numbers: all that is given must hold.' })
export class DocumentNumberFilter {
  @Field(() => ID, { nullable: true, description: 'Of this legal entity.' })
  legalEntityId?: string | null;

  @Field(() => DocumentTypeEnum, { nullable: true, description: 'Of what.' })
  documentType?: DocumentType | null;

  @Field(() => Int, { nullable: true, description: 'Of the fiscal year that begins in this year.' })
  fiscalYear?: number | null;

  @Field(() => NumberState, { nullable: true, description: 'What became of them.' })
  state?: keyof typeof NumberState | null;

  @Field(() => String, { nullable: true, description: 'Written exactly so.' })
  number?: string | null;
}

export const DocumentNumberOrder = orderEnum('DocumentNumberOrder', ['GIVEN_AT', 'PLACE']);
export const DocumentNumberConnection = connectionOf(() => DocumentNumber, 'DocumentNumber');
export const DocumentNumbersArgs = connectionArgs(DocumentNumberFilter, DocumentNumberOrder);
