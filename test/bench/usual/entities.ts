import { Field, ID, Int, ObjectType } from 'type-graphql';
import { Column, Entity, JoinColumn, ManyToOne, OneToMany, PrimaryColumn } from 'typeorm';

/** Classes that are both entity and GraphQL type, with the columns of the tables but for secrets and long texts. */

@ObjectType()
@Entity('account')
export class Account {
  @Field(() => ID)
  @PrimaryColumn('uuid')
  id!: string;

  @Column('integer')
  version!: number;

  @Column('timestamptz')
  createdAt!: Date;

  @Field()
  @Column('text')
  code!: string;

  @Field()
  @Column('text')
  legalName!: string;

  @Column('text')
  status!: string;

  @Column('text')
  currency!: string;

  @Column('text')
  timeZone!: string;

  @Column('timestamptz', { nullable: true })
  closedAt!: Date | null;
}

@ObjectType()
@Entity('lob')
export class Lob {
  @Field(() => ID)
  @PrimaryColumn('uuid')
  id!: string;

  @Column('integer')
  version!: number;

  @Column('timestamptz')
  createdAt!: Date;

  @Field()
  @Column('text')
  code!: string;

  @Field()
  @Column('text')
  name!: string;

  @Column('text')
  status!: string;

  @Column('timestamptz', { nullable: true })
  closedAt!: Date | null;
}

@ObjectType()
@Entity('invoice')
export class Invoice {
  @Field(() => ID)
  @PrimaryColumn('uuid')
  id!: string;

  @Column('integer')
  version!: number;

  @Column('timestamptz')
  createdAt!: Date;

  @Field(() => Account)
  @ManyToOne(() => Account)
  @JoinColumn({ name: 'account_id' })
  account!: Account;

  @Field(() => [InvoiceLine])
  @OneToMany(() => InvoiceLine, (line) => line.invoice)
  lines!: InvoiceLine[];

  @Field()
  @Column('text')
  status!: string;

  @Field()
  @Column('text')
  paymentStatus!: string;

  @Field()
  @Column('text')
  currency!: string;

  @Column('bigint')
  subtotalMinor!: string;

  @Column('bigint')
  taxMinor!: string;

  @Field()
  @Column('bigint')
  totalMinor!: string;

  @Column('bigint')
  disputedMinor!: string;

  @Column('bigint')
  creditedMinor!: string;

  @Field(() => String, { nullable: true })
  @Column('text', { nullable: true })
  number!: string | null;

  @Field(() => Date, { nullable: true })
  @Column('timestamptz', { nullable: true })
  issuedAt!: Date | null;

  @Field(() => String, { nullable: true })
  @Column('date', { nullable: true })
  dueOn!: string | null;

  @Column('timestamptz', { nullable: true })
  voidedAt!: Date | null;
}

@ObjectType()
@Entity('invoice_line')
export class InvoiceLine {
  @Field(() => ID)
  @PrimaryColumn('uuid')
  id!: string;

  @ManyToOne(() => Invoice, (invoice) => invoice.lines)
  @JoinColumn({ name: 'invoice_id' })
  invoice!: unknown;

  @Field(() => Int)
  @Column('integer')
  lineNumber!: number;

  @Field(() => Lob, { nullable: true })
  @ManyToOne(() => Lob)
  @JoinColumn({ name: 'lob_id' })
  lob!: Lob | null;

  @Field()
  @Column('text')
  description!: string;

  @Field()
  @Column('text')
  currency!: string;

  @Field()
  @Column('numeric')
  quantity!: string;

  @Field()
  @Column('numeric')
  unitPrice!: string;

  @Column('numeric')
  taxRate!: string;

  @Field()
  @Column('bigint')
  amountMinor!: string;

  @Column('bigint')
  taxMinor!: string;

  @Column('bigint')
  totalMinor!: string;
}

@ObjectType()
@Entity('app_user')
export class User {
  @PrimaryColumn('uuid')
  id!: string;

  @Field()
  @Column('text')
  name!: string;

  @Column('text')
  email!: string;
}

@ObjectType()
@Entity({ name: 'event', schema: 'audit' })
export class AuditEvent {
  @Field(() => ID)
  @PrimaryColumn('uuid')
  id!: string;

  @Field(() => Date)
  @Column('timestamptz')
  at!: Date;

  @Field()
  @Column('text')
  action!: string;

  @Field()
  @Column('text')
  outcome!: string;

  @Field(() => User, { nullable: true })
  @ManyToOne(() => User)
  @JoinColumn({ name: 'actor_id' })
  actor!: User | null;

  @Field(() => String, { nullable: true })
  @Column('text', { nullable: true })
  subjectType!: string | null;

  @Field(() => ID, { nullable: true })
  @Column('uuid', { nullable: true })
  subjectId!: string | null;

  @Field()
  @Column('text')
  requestId!: string;

  @Column('bytea', { name: 'hash' })
  hashBytes!: Buffer;

  @Field()
  get hash(): string {
    return this.hashBytes.toString('hex');
  }
}
