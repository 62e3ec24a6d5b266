/** What the API calls something, in words. What has none is shown as the API calls it. */

/** Operations, as src/catalogue.ts sums them up; a test holds the two together. */
const OPERATIONS = {
  'account.change': 'Change the data of an account',
  'account.close': 'Close an account, its LOBs and the assignments to them',
  'account.open': 'Open an account for a client company',
  'agent.assign': 'Assign an agent to a line of business',
  'agent.hire': 'Hire an agent',
  'agent.transfer': 'Transfer an agent to another line of business',
  'approvalPolicy.change': 'Change an approval policy',
  'approvalPolicy.create': 'Create an approval policy',
  'approvalLimit.set': 'Set how much somebody may approve',
  'documentNumber.burn': 'Burn numbers of a series',
  'legalEntity.change': 'Change a legal entity',
  'legalEntity.open': 'Open a legal entity that issues invoices',
  'taxRule.end': 'End a tax rule',
  'taxRule.set': 'Set which taxes are due',
  'creditNote.issue': 'Issue a credit note',
  'invoice.accept': 'Accept an invoice that was shown to its client',
  'invoice.object': 'Object to an invoice that was shown to its client',
  'invoice.review': 'Show a draft to its client',
  'billing.release': 'Go on with what the fuse stopped',
  'billing.run': 'Run billing',
  'usage.report': 'Report seats, hours or money collected',
  'agreement.sign': 'Sign an agreement',
  'agreement.amend': 'Amend an agreement',
  'agreement.end': 'End an agreement',
  'exchangeRate.set': 'Set an exchange rate',
  'dutyException.allow': 'Allow that two duties meet in one person',
  'accessReview.start': 'Start a review of who has what',
  'accessReviewItem.decide': 'Say whether somebody still needs what they have',
  'accessReview.close': 'Close a review of who has what',
  'dutyException.end': 'End an exception of duties',
  'finding.review': 'Review a finding',
  'user.link': 'Say that two users are one person',
  'user.linkSubject': 'Say which subject of an issuer a user is',
  'apiKey.create': 'Create a key for a system',
  'apiKey.rotate': 'Replace the key of a system',
  'apiKey.revoke': 'Revoke the key of a system',
  'apiKeySecret.draw': 'Draw the secret of a key',
  'usage.import': 'Import calls',
  'webhook.create': 'Create a webhook',
  'webhook.change': 'Change a webhook',
  'webhook.redeliver': 'Send a message again that was given up',
  'webhookSecret.draw': 'Draw a secret for a webhook',
  'assignment.end': 'End an assignment',
  'complaint.acknowledge': 'Acknowledge a complaint',
  'complaint.file': 'File a complaint',
  'complaint.reopen': 'Reopen a complaint',
  'complaint.resolve': 'Resolve a complaint',
  'delegation.create': 'Have somebody stand in over change requests',
  'delegation.createForAnother': 'Have somebody stand in for another over change requests',
  'delegation.revoke': 'End that somebody stands in',
  'dispute.open': 'Dispute lines of an invoice',
  'dispute.resolve': 'Resolve a dispute',
  'dispute.withdraw': 'Withdraw a dispute',
  'invoice.draft': 'Draft an invoice',
  'invoice.issue': 'Issue an invoice',
  'invoice.void': 'Void an invoice',
  'lob.close': 'Close a line of business and the assignments to it',
  'lob.open': 'Open a line of business',
  'password.reset': 'Reset a user’s password',
  'passwordToken.draw': 'Draw a token to choose a password with',
  'personalData.erase': 'Erase the personal data of somebody',
  'recoveryCodes.draw': 'Draw recovery codes of one’s own',
  'role.grant': 'Grant a role to a user',
  'role.revoke': 'Revoke a role',
  'revealAllowance.grant': 'Let somebody see more sensitive values than those of every day',
  'sensitiveValue.find': 'Look for what has a sensitive value',
  'secondFactor.remove': 'Remove a user’s second factor',
  'sensitiveValue.reveal': 'See a sensitive value',
  'totp.confirm': 'Confirm an authenticator app of one’s own',
  'totp.enrol': 'Enrol an authenticator app of one’s own',
  'user.create': 'Create a user',
  'user.deactivate': 'Deactivate a user',
  'user.invite': 'Invite a user',
  'user.reactivate': 'Reactivate a user',
};

/** What the trail tells of change requests. */
const MOMENTS = {
  'changeRequest.proposed': 'Proposed',
  'changeRequest.approved': 'Approved',
  'changeRequest.rejected': 'Rejected',
  'changeRequest.returned': 'Returned for rework',
  'changeRequest.revised': 'Revised',
  'changeRequest.withdrawn': 'Withdrawn',
  'changeRequest.reassigned': 'Passed on to one person, or back to all',
  'changeRequest.glassBroken': 'Carried out in an emergency',
  'finding.raised': 'To be reviewed within a day',
  'finding.reviewed': 'Reviewed',
  'changeRequest.retried': 'Set to wait again after it failed',
  'changeRequest.approve': 'Approval refused',
  'changeRequest.reject': 'Rejection refused',
  'changeRequest.return': 'Return refused',
  'changeRequest.revise': 'Revision refused',
  'changeRequest.withdraw': 'Withdrawal refused',
  'changeRequest.reassign': 'Passing it on refused',
};

const STATUSES = {
  PENDING: 'waits for a decision',
  RETURNED: 'was returned to its maker for rework',
  EXECUTED: 'was approved and carried out',
  REJECTED: 'was rejected',
  WITHDRAWN: 'was withdrawn by its maker',
  EXPIRED: 'expired: nobody decided in time',
  STALE: 'is stale: what it is about changed after it was proposed',
  FAILED: 'failed: it could not be carried out any more',
};

/** How a text could deceive. */
const DECEPTIONS = {
  DIRECTION_MARK: 'marks turn the direction in which it is read',
  INVISIBLE: 'it holds characters that cannot be seen',
  LOOKS_UNCHANGED: 'it differs from what was there before, and looks the same',
  LOOK_ALIKE: 'it has letters that look like those of another script',
};

/** What is amiss with those who could decide. */
const WARNINGS = {
  ABOVE_EVERY_LIMIT: 'It is above the limit of everybody who could decide.',
  NO_APPROVER: 'Nobody but its maker holds a role that may decide.',
  TOO_FEW_APPROVERS: 'There are fewer people than a step needs.',
};

const STEP_STATES = { DONE: 'done', OPEN: 'open now', LATER: 'comes later' };

/** What a refusal means to whoever decides, and what to do. */
const REFUSALS = {
  APPROVAL_POLICY_MISSING: 'No policy says who may decide this. Tell an administrator.',
  ASSIGNED_TO_ANOTHER: 'It is the turn of somebody else alone.',
  BAD_USER_INPUT: 'Something that was sent has the wrong form.',
  BUSY: 'Somebody else is at work on this at the moment. Try again.',
  CHANGE_REQUEST_ALTERED: 'What is stored of it was altered. Nothing was done; tell whoever runs the installation.',
  CHANGE_REQUEST_EXPIRED: 'It expired before you decided. Nothing was done; its maker has to propose it again.',
  CHANGE_REQUEST_FAILED: 'It cannot be carried out any more. Nothing was changed.',
  CHANGE_REQUEST_MOVED: 'It was revised, look again: below is what it asks for now. Nothing was decided.',
  CHANGE_REQUEST_NOT_PENDING: 'It does not wait for a decision any more. Yours was not taken.',
  CHANGE_REQUEST_STALE: 'What it is about changed after it was proposed, so it was not carried out.',
  DATABASE_UNAVAILABLE: 'The server cannot reach its database. Try again.',
  DECISION_REPEATED: 'You have decided this revision already.',
  DELEGATE_OF_MAKER: 'You stand in for whoever proposed this: somebody else has to decide.',
  FIRST_PASSWORD_EXPIRED: 'This first password is over. Ask an administrator for another.',
  FORBIDDEN: 'Your roles do not allow this.',
  IDEMPOTENCY_KEY_REUSED: 'You have decided this already, in other words.',
  INTERNAL: 'Something went wrong on the server. Nothing was decided.',
  LIMIT_EXCEEDED: 'It is above what you may approve. Somebody with a higher limit has to decide.',
  MAKER_IS_CHECKER: 'You proposed this yourself: somebody else has to decide.',
  MAKER_NOT_ACTIVE: 'Whoever proposed it cannot sign in any more. It has to be proposed again.',
  NOT_AN_APPROVER: 'This is for another role to decide.',
  NOT_FOUND: 'There is no such change request for you.',
  ONE_TIME_CODE_REQUIRED: 'Type the code that your authenticator app shows.',
  ONE_TIME_CODE_WRONG: 'This code does not fit, or was used before. Wait for the next one.',
  RATE_LIMITED: 'That was too often. Wait a little, then try again.',
  SIGN_IN_REFUSED: 'This address and password do not fit.',
  STEP_UP_REQUIRED: 'This asks for a code of your authenticator app. Nothing was decided.',
  TIMEOUT: 'That took too long and was stopped. Try again.',
  UNAUTHENTICATED: 'Your session has ended. Sign in again.',
};

/** What a decision is called, on its button and once it was made. */
export const VERDICTS = /** @type {const} */ ({
  APPROVED: { verb: 'Approve', done: 'Approved', needsComment: false },
  REJECTED: { verb: 'Reject', done: 'Rejected', needsComment: true },
  RETURNED: { verb: 'Return for rework', done: 'Returned for rework', needsComment: true },
});

/** Those after which the same decision may be sent again. */
const PASSING = new Set(['BUSY', 'DATABASE_UNAVAILABLE', 'RATE_LIMITED', 'STEP_UP_REQUIRED', 'TIMEOUT']);

/** @param {string} code */
export const isPassing = (code) => PASSING.has(code);

/**
 * @param {Record<string, string>} words
 * @param {string} key
 */
const worded = (words, key) => (Object.hasOwn(words, key) ? words[key] : undefined);

/** @param {string} operation */
export const operationInWords = (operation) => worded(OPERATIONS, operation) ?? operation;

/** What happened; what is told of something else is what carrying it out did. @param {string} action */
export const momentInWords = (action) => worded(MOMENTS, action) ?? `Carried out: ${action}`;

/** @param {string} kind */
export const deceptionInWords = (kind) => worded(DECEPTIONS, kind) ?? kind;

/** @param {string} warning */
export const warningInWords = (warning) => worded(WARNINGS, warning) ?? warning;

/** @param {string} state */
export const stepStateInWords = (state) => worded(STEP_STATES, state) ?? state;

/** @param {string} status */
export const statusInWords = (status) => worded(STATUSES, status) ?? status;

/**
 * @param {string} code
 * @param {Record<string, any>} [details]
 */
export function refusalInWords(code, details = {}) {
  const words = worded(REFUSALS, code) ?? 'The API refused this.';
  if (code === 'RATE_LIMITED' && Number(details.retryAfterSeconds) > 0)
    return `${words} ${details.retryAfterSeconds} seconds are enough.`;
  if (code === 'CHANGE_REQUEST_NOT_PENDING' && details.status) return `${words} It ${statusInWords(details.status)}.`;
  if (code === 'CHANGE_REQUEST_FAILED' && details.code) return `${words} The reason is ${details.code}.`;
  if (code === 'NOT_AN_APPROVER' && details.approverRoles?.length > 0)
    return `${words} It is for ${details.approverRoles.join(' or ')}.`;
  return words;
}

/**
 * The name of a field as people write it: `customer.bankAccountNumber` is `customer › bank account number`.
 * @param {string} path
 */
export const fieldInWords = (path) =>
  path
    .split('.')
    .map((part) => part.replace(/(?<=[a-z0-9])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`))
    .join(' › ');

/** Which of its forms a number asks for: `1 change`, `2 changes`. @param {number} count @param {string} noun */
export const counted = (count, noun) => `${count} ${noun}${count === 1 ? '' : 's'}`;
