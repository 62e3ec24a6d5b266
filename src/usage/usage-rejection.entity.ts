import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, Unique } from 'typeorm';
import { UsageImport } from './usage-import.entity';

/** A line that made no record, as it came but for what is masked. Only ever added. */
@Entity('usage_rejection')
@Unique('usage_rejection_of_line', ['importId', 'lineNumber'])
export class UsageRejection {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid')
  accountId!: string;

  @Column('uuid')
  importId!: string;

  @ManyToOne(() => UsageImport)
  @JoinColumn({ name: 'import_id', foreignKeyConstraintName: 'usage_rejection_import' })
  import?: UsageImport;

  /** In its file, from 1; of a batch over GraphQL the place of the record. */
  @Column('integer')
  lineNumber!: number;

  @Column('text')
  code!: string;

  /** Which field was wrong, where one was. */
  @Column({ type: 'text', nullable: true })
  field!: string | null;

  @Column('text')
  line!: string;
}
