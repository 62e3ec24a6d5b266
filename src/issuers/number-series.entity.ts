import { Check, Column, Entity, JoinColumn, ManyToOne, PrimaryColumn } from 'typeorm';
import { LegalEntity } from './legal-entity.entity';
import type { DocumentType } from './number-format.rules';

/**
 * The last number of a series: of a legal entity, a type of document and a fiscal year. Its row is locked from the moment a number is taken
 * until the document is committed, so that a rollback gives the number back and no gap is left.
 */
@Entity('number_series')
@Check('number_series_type', `document_type IN ('INVOICE','CREDIT_NOTE')`)
@Check('number_series_exceeded', 'last_number BETWEEN 1 AND 9999999')
export class NumberSeries {
  @PrimaryColumn({ type: 'uuid', primaryKeyConstraintName: 'number_series_pkey' })
  legalEntityId!: string;

  @ManyToOne(() => LegalEntity)
  @JoinColumn({ name: 'legal_entity_id', foreignKeyConstraintName: 'number_series_of_entity' })
  legalEntity?: LegalEntity;

  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'number_series_pkey' })
  documentType!: DocumentType;

  @PrimaryColumn({ type: 'integer', primaryKeyConstraintName: 'number_series_pkey' })
  fiscalYear!: number;

  @Column('integer')
  lastNumber!: number;
}
