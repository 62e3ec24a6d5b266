import { Check, Column, Entity, Exclusion, Index, JoinColumn, ManyToOne } from 'typeorm';
import { Account } from '../accounts/account.entity';
import { LegalEntity } from '../issuers/legal-entity.entity';
import { Row } from '../platform/row';
import type { TaxComponent } from './tax.rules';

/** Which taxes are due to a legal entity from an account, or from whoever is in a place. Never changed; it ends. */
@Entity('tax_rule')
@Index('tax_rule_created', ['createdAt', 'id'])
@Exclusion(
  'tax_rule_overlaps',
  `USING gist (legal_entity_id WITH =, (coalesce(account_id::text, subdivision, country)) WITH =, daterange(valid_from, valid_until) WITH &&)`,
)
@Check(
  'tax_rule_place',
  `(account_id IS NULL) = (country IS NOT NULL) AND country ~ '^[A-Z]{2}$' AND (subdivision IS NULL OR starts_with(subdivision, country || '-'))`,
)
@Check('tax_rule_dates', 'valid_until IS NULL OR valid_until >= valid_from')
export class TaxRule extends Row {
  @Column('uuid')
  legalEntityId!: string;

  @ManyToOne(() => LegalEntity)
  @JoinColumn({ name: 'legal_entity_id', foreignKeyConstraintName: 'tax_rule_of_entity' })
  legalEntity?: LegalEntity;

  @Column({ type: 'uuid', nullable: true })
  accountId!: string | null;

  @ManyToOne(() => Account)
  @JoinColumn({ name: 'account_id', foreignKeyConstraintName: 'tax_rule_for_account' })
  account?: Account;

  /** ISO 3166-1 alpha-2, of the buyer. */
  @Column({ type: 'text', nullable: true })
  country!: string | null;

  /** ISO 3166-2; null: all of the country that has no rule of its own. */
  @Column({ type: 'text', nullable: true })
  subdivision!: string | null;

  @Column('date')
  validFrom!: string;

  /** The first day on which it holds no more. */
  @Column({ type: 'date', nullable: true })
  validUntil!: string | null;

  @Column('jsonb')
  components!: TaxComponent[];
}
