import { revealAllowanceRead } from './access/reveal-allowance.read';
import { dutyExceptionRead } from './access/duty-exception.read';
import { roleGrantRead, userRead } from './access/user.read';
import { apiKeyRead } from './access/api-key.read';
import { sessionRead } from './access/session.read';
import { accountRead } from './accounts/account.read';
import { agentRead, assignmentRead } from './accounts/agent.read';
import { lobRead } from './accounts/lob.read';
import { agreementRateRead, agreementRead, agreementVersionRead } from './agreements/agreement.read';
import { approvalLimitRead } from './approvals/approval-limit.read';
import { approvalPolicyRead } from './approvals/approval-policy.read';
import {
  changeRequestMomentRead,
  changeRequestRead,
  changeRequestRevisionRead,
  decisionRead,
} from './approvals/change-request.read';
import { delegationRead } from './approvals/delegation.read';
import { exchangeRateRead } from './approvals/exchange-rate.read';
import { findingRead } from './approvals/finding.read';
import { auditCheckpointRead } from './audit/checkpoint.read';
import { auditEventRead } from './audit/event.read';
import { invoiceLineRead, invoiceObjectionRead, invoiceRead, invoiceTaxRead } from './billing/invoice.read';
import { creditNoteLineRead, creditNoteRead, creditNoteTaxRead } from './credits/credit-note.read';
import { documentNumberRead } from './issuers/document-number.read';
import { legalEntityRead } from './issuers/legal-entity.read';
import { taxRuleRead } from './taxes/tax-rule.read';
import { disputeItemRead, disputeRead } from './disputes/dispute.read';
import { complaintRead, complaintRuleRead } from './complaints/complaint.read';
import { webhookDeliveryRead, webhookRead } from './notifications/webhook.read';
import { accessReviewItemRead, accessReviewRead } from './reviews/access-review.read';
import { callRecordRead } from './usage/call-record.read';
import { usageImportRead, usageRejectionRead } from './usage/usage-import.read';
import { billingRunAccountRead, billingRunRead } from './rating/billing-run.read';
import { usageQuantityRead } from './usage/usage-quantity.read';
import type { Reads } from './platform/asked';

/** Every read there is, by the type that it answers. */
export const reads: Reads = new Map(
  [
    auditEventRead,
    auditCheckpointRead,
    userRead,
    roleGrantRead,
    sessionRead,
    apiKeyRead,
    revealAllowanceRead,
    dutyExceptionRead,
    changeRequestRead,
    decisionRead,
    changeRequestRevisionRead,
    changeRequestMomentRead,
    approvalPolicyRead,
    webhookRead,
    webhookDeliveryRead,
    delegationRead,
    approvalLimitRead,
    exchangeRateRead,
    findingRead,
    legalEntityRead,
    documentNumberRead,
    accountRead,
    lobRead,
    taxRuleRead,
    agreementRead,
    agreementVersionRead,
    agreementRateRead,
    agentRead,
    assignmentRead,
    usageImportRead,
    usageRejectionRead,
    callRecordRead,
    usageQuantityRead,
    billingRunRead,
    billingRunAccountRead,
    invoiceRead,
    invoiceLineRead,
    invoiceTaxRead,
    invoiceObjectionRead,
    creditNoteRead,
    creditNoteLineRead,
    creditNoteTaxRead,
    disputeRead,
    disputeItemRead,
    complaintRead,
    complaintRuleRead,
    accessReviewRead,
    accessReviewItemRead,
  ].map((read) => [read.type, read]),
);
