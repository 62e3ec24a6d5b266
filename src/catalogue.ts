import { changePassword } from './access/change-password';
import { allowDutyException } from './access/allow-duty-exception';
import { createUser } from './access/create-user';
import { deactivateUser } from './access/deactivate-user';
import { endDutyException } from './access/end-duty-exception';
import { endSession } from './access/end-session';
import { grantRole } from './access/grant-role';
import { linkUsers } from './access/link-users';
import { revealSensitiveValue } from './access/reveal-sensitive-value';
import { revokeRole } from './access/revoke-role';
import { assignAgent } from './accounts/assign-agent';
import { changeAccount } from './accounts/change-account';
import { closeAccount } from './accounts/close-account';
import { closeLob } from './accounts/close-lob';
import { endAssignment } from './accounts/end-assignment';
import { hireAgent } from './accounts/hire-agent';
import { openAccount } from './accounts/open-account';
import { openLob } from './accounts/open-lob';
import { transferAgent } from './accounts/transfer-agent';
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
import { draftInvoice } from './billing/draft-invoice';
import { issueInvoice } from './billing/issue-invoice';
import { voidInvoice } from './billing/void-invoice';
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
  deactivateUser,
  linkUsers,
  endSession,
  grantRole,
  revokeRole,
  allowDutyException,
  endDutyException,
  revealSensitiveValue,
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
  openAccount,
  changeAccount,
  closeAccount,
  openLob,
  closeLob,
  hireAgent,
  assignAgent,
  transferAgent,
  endAssignment,
  draftInvoice,
  issueInvoice,
  voidInvoice,
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
