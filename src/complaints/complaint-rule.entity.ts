import { Check, Column, Entity, Unique } from 'typeorm';
import type { DayKind } from '../platform/business-time';
import { Row } from '../platform/row';
import type { ComplaintChannel } from './complaint.entity';

/** How long a complaint may take. Never changed: a new version with its first date is put beside the old one. */
@Entity('complaint_rule')
@Unique('complaint_rule_version', ['code', 'ruleVersion'])
@Check(
  'complaint_rule_channel',
  `channel IN ('PHONE','EMAIL','WEB','CHAT','SOCIAL_MEDIA','POSTAL_MAIL','FAX','IN_PERSON','REFERRAL','OTHER')`,
)
@Check(
  'complaint_rule_kinds',
  `acknowledge_kind IN ('CALENDAR','BUSINESS') AND resolve_kind IN ('CALENDAR','BUSINESS')`,
)
@Check('complaint_rule_days', 'acknowledge_days BETWEEN 0 AND 3650 AND resolve_days BETWEEN 0 AND 3650')
export class ComplaintRule extends Row {
  @Column('text')
  code!: string;

  @Column('integer')
  ruleVersion!: number;

  /** For what is received from this local date on. */
  @Column('date')
  effectiveFrom!: string;

  /** Null: for every channel that has no rule of its own. */
  @Column({ type: 'text', nullable: true })
  channel!: ComplaintChannel | null;

  /** Business days are counted by the latest version of this calendar. */
  @Column('text')
  calendarCode!: string;

  @Column('integer')
  acknowledgeDays!: number;

  @Column('text')
  acknowledgeKind!: DayKind;

  @Column('integer')
  resolveDays!: number;

  @Column('text')
  resolveKind!: DayKind;

  /** Where the rule comes from: a law, a regulator's page, a contract, the house. */
  @Column('text')
  source!: string;
}
