import 'reflect-metadata';
import { Tables1763740800000 } from '../migrations/1763740800000-tables';
import { Guards1763740801000 } from '../migrations/1763740801000-guards';
import { Defaults1763740802000 } from '../migrations/1763740802000-defaults';
import { SignInTries1763740803000 } from '../migrations/1763740803000-sign-in-tries';
import { Reads1763740804000 } from '../migrations/1763740804000-reads';
import { SessionVersions1763740805000 } from '../migrations/1763740805000-session-versions';
import { CallerPositions1763740806000 } from '../migrations/1763740806000-caller-positions';
import { QuickTexts1763740807000 } from '../migrations/1763740807000-quick-texts';
import { Seal1763740808000 } from '../migrations/1763740808000-seal';
import { Contents1763740809000 } from '../migrations/1763740809000-contents';
import { Retention1763740810000 } from '../migrations/1763740810000-retention';
import { PersonalData1763740812000 } from '../migrations/1763740812000-personal-data';
import { Revisions1763740813000 } from '../migrations/1763740813000-revisions';
import { ApprovalsInDepth1763740814000 } from '../migrations/1763740814000-approvals-in-depth';
import { Deciding1763740814500 } from '../migrations/1763740814500-deciding';
import { Jobs1763740815000 } from '../migrations/1763740815000-jobs';
import { Webhooks1763740816000 } from '../migrations/1763740816000-webhooks';
import { DeceptiveTexts1763740817000 } from '../migrations/1763740817000-deceptive-texts';
import { Awaits1763740818000 } from '../migrations/1763740818000-awaits';
import { GettingIn1763740820000 } from '../migrations/1763740820000-getting-in';
import { Sessions1763740821000 } from '../migrations/1763740821000-sessions';
import { ClassKeys1763740822000 } from '../migrations/1763740822000-class-keys';
import { RevealAllowances1763740822100 } from '../migrations/1763740822100-reveal-allowances';
import { ApiKey } from './access/api-key.entity';
import { DutyException } from './access/duty-exception.entity';
import { PasswordToken } from './access/password-token.entity';
import { RevealAllowance } from './access/reveal-allowance.entity';
import { ScopedGrants1763740823000 } from '../migrations/1763740823000-scoped-grants';
import { Duties1763740823100 } from '../migrations/1763740823100-duties';
import { AccessReviews1763740823200 } from '../migrations/1763740823200-access-reviews';
import { Usage1763740830000 } from '../migrations/1763740830000-usage';
import { Agreements1763740840000 } from '../migrations/1763740840000-agreements';
import { BillingRuns1763740850000 } from '../migrations/1763740850000-billing-runs';
import { SecondFactors1763740860000 } from '../migrations/1763740860000-second-factors';
import { Passwords1763740865000 } from '../migrations/1763740865000-passwords';
import { Keeping1763740875000 } from '../migrations/1763740875000-keeping';
import { HeldBack1763740880000 } from '../migrations/1763740880000-held-back';
import { Issuing1763740845000 } from '../migrations/1763740845000-issuing';
import { RoleGrant } from './access/role-grant.entity';
import { SecondFactor } from './access/second-factor.entity';
import { Session } from './access/session.entity';
import { User } from './access/user.entity';
import { Account } from './accounts/account.entity';
import { Agent } from './accounts/agent.entity';
import { Assignment } from './accounts/assignment.entity';
import { Lob } from './accounts/lob.entity';
import { AgreementRate } from './agreements/agreement-rate.entity';
import { AgreementVersion } from './agreements/agreement-version.entity';
import { Agreement } from './agreements/agreement.entity';
import { ApprovalLimit } from './approvals/approval-limit.entity';
import { ApprovalPolicy } from './approvals/approval-policy.entity';
import { ChangeRequest } from './approvals/change-request.entity';
import { ChangeRequestRevision } from './approvals/change-request-revision.entity';
import { Decision } from './approvals/decision.entity';
import { Delegation } from './approvals/delegation.entity';
import { ExchangeRate } from './approvals/exchange-rate.entity';
import { Finding } from './approvals/finding.entity';
import { IdempotencyKey } from './approvals/idempotency-key.entity';
import { InvoiceLine } from './billing/invoice-line.entity';
import { InvoiceObjection } from './billing/invoice-objection.entity';
import { InvoiceTax } from './billing/invoice-tax.entity';
import { Invoice } from './billing/invoice.entity';
import { InvoiceCycle } from './billing/invoice-cycle.entity';
import { BillingRun, BillingRunAccount } from './rating/billing-run.entity';
import { UsageQuantity } from './usage/usage-quantity.entity';
import { CreditNote, CreditNoteLine, CreditNoteTax } from './credits/credit-note.entity';
import { DocumentNumber } from './issuers/document-number.entity';
import { LegalEntity } from './issuers/legal-entity.entity';
import { NumberSeries } from './issuers/number-series.entity';
import { TaxRule } from './taxes/tax-rule.entity';
import { BusinessCalendar } from './complaints/business-calendar.entity';
import { ComplaintRule } from './complaints/complaint-rule.entity';
import { Complaint } from './complaints/complaint.entity';
import { Holiday } from './complaints/holiday.entity';
import { Dispute, DisputeItem } from './disputes/dispute.entity';
import { OutboxMessage } from './notifications/outbox-message.entity';
import { WebhookDelivery } from './notifications/webhook-delivery.entity';
import { Webhook } from './notifications/webhook.entity';
import { AccessReview, AccessReviewItem } from './reviews/access-review.entity';
import { isRowClass } from './platform/row';
import { UsageImport } from './usage/usage-import.entity';
import { UsageRejection } from './usage/usage-rejection.entity';

/** Every entity that TypeORM knows. */
export const entities = [
  User,
  RoleGrant,
  RevealAllowance,
  DutyException,
  AccessReview,
  AccessReviewItem,
  Session,
  ApiKey,
  SecondFactor,
  PasswordToken,
  ApprovalPolicy,
  ChangeRequest,
  ChangeRequestRevision,
  Decision,
  Delegation,
  ApprovalLimit,
  ExchangeRate,
  Finding,
  IdempotencyKey,
  Webhook,
  OutboxMessage,
  WebhookDelivery,
  LegalEntity,
  NumberSeries,
  DocumentNumber,
  Account,
  Lob,
  Agent,
  Assignment,
  TaxRule,
  Agreement,
  AgreementVersion,
  AgreementRate,
  UsageImport,
  UsageRejection,
  UsageQuantity,
  Invoice,
  InvoiceCycle,
  InvoiceLine,
  BillingRun,
  BillingRunAccount,
  InvoiceTax,
  InvoiceObjection,
  CreditNote,
  CreditNoteLine,
  CreditNoteTax,
  Dispute,
  DisputeItem,
  BusinessCalendar,
  Holiday,
  ComplaintRule,
  Complaint,
];

/** The types of the business: those whose rows have a version, and events that tell of them. */
export const rowTypes: readonly string[] = entities.filter(isRowClass).map(({ name }) => name);

/** Every migration, in order. */
export const migrations = [
  Tables1763740800000,
  Guards1763740801000,
  Defaults1763740802000,
  SignInTries1763740803000,
  Reads1763740804000,
  SessionVersions1763740805000,
  CallerPositions1763740806000,
  QuickTexts1763740807000,
  Seal1763740808000,
  Contents1763740809000,
  Retention1763740810000,
  PersonalData1763740812000,
  Revisions1763740813000,
  ApprovalsInDepth1763740814000,
  Deciding1763740814500,
  Jobs1763740815000,
  Webhooks1763740816000,
  DeceptiveTexts1763740817000,
  Awaits1763740818000,
  GettingIn1763740820000,
  Sessions1763740821000,
  ClassKeys1763740822000,
  RevealAllowances1763740822100,
  ScopedGrants1763740823000,
  Duties1763740823100,
  AccessReviews1763740823200,
  Usage1763740830000,
  Agreements1763740840000,
  Issuing1763740845000,
  BillingRuns1763740850000,
  SecondFactors1763740860000,
  Passwords1763740865000,
  Keeping1763740875000,
  HeldBack1763740880000,
];
