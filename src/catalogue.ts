import { createApiKey } from './access/create-api-key';
import { drawApiKeySecret } from './access/draw-api-key-secret';
import { endOtherSessions } from './access/end-other-sessions';
import { linkOidcSubject } from './access/link-oidc-subject';
import { revokeApiKey } from './access/revoke-api-key';
import { rotateApiKey } from './access/rotate-api-key';
import { changePassword } from './access/change-password';
import { confirmTotp } from './access/confirm-totp';
import { createUser } from './access/create-user';
import { deactivateUser } from './access/deactivate-user';
import { drawPasswordToken } from './access/draw-password-token';
import { drawRecoveryCodes } from './access/draw-recovery-codes';
import { allowDutyException } from './access/allow-duty-exception';
import { endDutyException } from './access/end-duty-exception';
import { endSession } from './access/end-session';
import { findBySensitiveValue } from './access/find-by-sensitive-value';
import { grantRevealAllowance } from './access/grant-reveal-allowance';
import { enrolTotp } from './access/enrol-totp';
import { grantRole } from './access/grant-role';
import { inviteUser } from './access/invite-user';
import { linkUsers } from './access/link-users';
import { reactivateUser } from './access/reactivate-user';
import { removeSecondFactor } from './access/remove-second-factor';
import { resetPassword } from './access/reset-password';
import { revealSensitiveValue } from './access/reveal-sensitive-value';
import { revokeRole } from './access/revoke-role';
import { stepUp } from './access/step-up';
import { assignAgent } from './accounts/assign-agent';
import { changeAccount } from './accounts/change-account';
import { closeAccount } from './accounts/close-account';
import { closeLob } from './accounts/close-lob';
import { endAssignment } from './accounts/end-assignment';
import { hireAgent } from './accounts/hire-agent';
import { openAccount } from './accounts/open-account';
import { openLob } from './accounts/open-lob';
import { transferAgent } from './accounts/transfer-agent';
import { amendAgreement } from './agreements/amend-agreement';
import { endAgreement } from './agreements/end-agreement';
import { signAgreement } from './agreements/sign-agreement';
import { approveChangeRequest } from './approvals/approve-change-request';
import { breakGlass } from './approvals/break-glass';
import { changeApprovalPolicy } from './approvals/change-approval-policy';
import { createApprovalPolicy } from './approvals/create-approval-policy';
import { delegateApprovals } from './approvals/delegate-approvals';
import { delegateApprovalsForAnother } from './approvals/delegate-approvals-for-another';
import { reassignChangeRequest } from './approvals/reassign-change-request';
import { rejectChangeRequest } from './approvals/reject-change-request';
import { returnChangeRequest } from './approvals/return-change-request';
import { retryChangeRequest } from './approvals/retry-change-request';
import { reviewFinding } from './approvals/review-finding';
import { reviseChangeRequest } from './approvals/revise-change-request';
import { revokeDelegation } from './approvals/revoke-delegation';
import { setApprovalLimit } from './approvals/set-approval-limit';
import { setExchangeRate } from './approvals/set-exchange-rate';
import { withdrawChangeRequest } from './approvals/withdraw-change-request';
import { changeWebhook } from './notifications/change-webhook';
import { createWebhook } from './notifications/create-webhook';
import { drawWebhookSecret } from './notifications/draw-webhook-secret';
import { redeliverWebhook } from './notifications/redeliver-webhook';
import { releaseBilling } from './rating/release-billing';
import { runBilling } from './rating/run-billing';
import { importUsage } from './usage/import-usage';
import { reportUsage } from './usage/report-usage';
import { acceptInvoice } from './billing/accept-invoice';
import { draftInvoice } from './billing/draft-invoice';
import { issueInvoice } from './billing/issue-invoice';
import { objectToInvoice } from './billing/object-to-invoice';
import { reviewInvoice } from './billing/review-invoice';
import { voidInvoice } from './billing/void-invoice';
import { issueCreditNote } from './credits/issue-credit-note';
import { burnDocumentNumbers } from './issuers/burn-document-numbers';
import { changeLegalEntity } from './issuers/change-legal-entity';
import { openLegalEntity } from './issuers/open-legal-entity';
import { endTaxRule } from './taxes/end-tax-rule';
import { setTaxRule } from './taxes/set-tax-rule';
import { openDispute } from './disputes/open-dispute';
import { resolveDispute } from './disputes/resolve-dispute';
import { withdrawDispute } from './disputes/withdraw-dispute';
import { acknowledgeComplaint } from './complaints/acknowledge-complaint';
import { fileComplaint } from './complaints/file-complaint';
import { reopenComplaint } from './complaints/reopen-complaint';
import { resolveComplaint } from './complaints/resolve-complaint';
import { closeAccessReview } from './reviews/close-access-review';
import { decideAccessReviewItem } from './reviews/decide-access-review-item';
import { startAccessReview } from './reviews/start-access-review';
import { erasePersonalData } from './privacy/erase-personal-data';
import { Catalogue } from './platform/operation';

/** Every operation there is. What is not in this list cannot be submitted, approved or carried out. */
export const catalogue = new Catalogue([
  createUser,
  changePassword,
  inviteUser,
  drawPasswordToken,
  resetPassword,
  enrolTotp,
  confirmTotp,
  drawRecoveryCodes,
  stepUp,
  removeSecondFactor,
  deactivateUser,
  reactivateUser,
  linkUsers,
  endSession,
  endOtherSessions,
  linkOidcSubject,
  createApiKey,
  rotateApiKey,
  drawApiKeySecret,
  revokeApiKey,
  grantRole,
  revokeRole,
  allowDutyException,
  endDutyException,
  revealSensitiveValue,
  findBySensitiveValue,
  grantRevealAllowance,
  approveChangeRequest,
  rejectChangeRequest,
  returnChangeRequest,
  reviseChangeRequest,
  withdrawChangeRequest,
  reassignChangeRequest,
  retryChangeRequest,
  delegateApprovals,
  delegateApprovalsForAnother,
  revokeDelegation,
  createApprovalPolicy,
  changeApprovalPolicy,
  createWebhook,
  changeWebhook,
  drawWebhookSecret,
  redeliverWebhook,
  setApprovalLimit,
  setExchangeRate,
  breakGlass,
  reviewFinding,
  openLegalEntity,
  changeLegalEntity,
  burnDocumentNumbers,
  openAccount,
  changeAccount,
  closeAccount,
  openLob,
  closeLob,
  hireAgent,
  assignAgent,
  transferAgent,
  endAssignment,
  setTaxRule,
  endTaxRule,
  signAgreement,
  amendAgreement,
  endAgreement,
  importUsage,
  reportUsage,
  runBilling,
  releaseBilling,
  draftInvoice,
  reviewInvoice,
  acceptInvoice,
  objectToInvoice,
  issueInvoice,
  voidInvoice,
  issueCreditNote,
  openDispute,
  resolveDispute,
  withdrawDispute,
  fileComplaint,
  acknowledgeComplaint,
  resolveComplaint,
  reopenComplaint,
  startAccessReview,
  decideAccessReviewItem,
  closeAccessReview,
  erasePersonalData,
]);
