import { Arg, Args, ID, Mutation, Query, Resolver } from 'type-graphql';
import { Ask, type Asked } from '../platform/asked';
import type { PageArgs } from '../platform/pagination';
import { payloadType } from '../platform/payload.type';
import { BurnDocumentNumbersInput } from './burn-document-numbers';
import { ChangeLegalEntityInput } from './change-legal-entity';
import { documentNumberRead } from './document-number.read';
import { DocumentNumber, DocumentNumberConnection, DocumentNumbersArgs } from './document-number.type';
import { legalEntityRead } from './legal-entity.read';
import { LegalEntitiesArgs, LegalEntity, LegalEntityConnection } from './legal-entity.type';
import { OpenLegalEntityInput } from './open-legal-entity';

const OpenLegalEntityPayload = payloadType('OpenLegalEntityPayload', { legalEntity: () => LegalEntity });
const ChangeLegalEntityPayload = payloadType('ChangeLegalEntityPayload', { legalEntity: () => LegalEntity });
const BurnDocumentNumbersPayload = payloadType('BurnDocumentNumbersPayload', { documentNumber: () => DocumentNumber });

@Resolver()
export class LegalEntityResolver {
  @Query(() => LegalEntity, { nullable: true, description: 'A legal entity.' })
  legalEntity(@Arg('id', () => ID, { description: 'Id of the legal entity.' }) _id: string, @Ask() asked: Asked) {
    return asked.one(legalEntityRead);
  }

  @Query(() => LegalEntityConnection, { description: 'Legal entities, by code unless told.' })
  legalEntities(@Args(() => LegalEntitiesArgs) _args: PageArgs, @Ask() asked: Asked) {
    return asked.page(legalEntityRead);
  }

  @Query(() => DocumentNumberConnection, { description: 'The ledger of numbers, latest first unless told.' })
  documentNumbers(@Args(() => DocumentNumbersArgs) _args: PageArgs, @Ask() asked: Asked) {
    return asked.page(documentNumberRead);
  }

  @Mutation(() => OpenLegalEntityPayload, {
    description: 'Opens a legal entity that issues invoices; always waits for a second person.',
  })
  openLegalEntity(@Arg('input', { description: 'Who it is.' }) input: OpenLegalEntityInput, @Ask() asked: Asked) {
    return asked.submit('legalEntity.open', input);
  }

  @Mutation(() => ChangeLegalEntityPayload, {
    description: 'Changes a legal entity; always waits for a second person.',
  })
  changeLegalEntity(
    @Arg('input', { description: 'What to change.' }) input: ChangeLegalEntityInput,
    @Ask() asked: Asked,
  ) {
    return asked.submit('legalEntity.change', input);
  }

  @Mutation(() => BurnDocumentNumbersPayload, {
    description: 'Burns numbers of a series, so that no document gets them; always waits for a second person.',
  })
  burnDocumentNumbers(
    @Arg('input', { description: 'Which ones, and why.' }) input: BurnDocumentNumbersInput,
    @Ask() asked: Asked,
  ) {
    return asked.submit('documentNumber.burn', input);
  }
}
