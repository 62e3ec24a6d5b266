/**
 * Every document that the console sends, as it sends it. None is put together at run time, so that an installation that
 * answers a list of documents alone (TRUSTED_DOCUMENTS) can have these in it.
 */

const CHANGES = 'changes { path before after }';

const ROW = `id operation revision digest status subjectType subjectId input reason createdAt expiresAt maker { id name } ${CHANGES}
  deceptiveTexts { path side kinds visible }`;

const REQUEST = `${ROW} approverRoles canDecide warnings amount { amount currency } assignee { id name }
  steps { step stage name roles quorum approvals state } decisions { revision decidedBy { id } }
  timeline { id at action outcome code reason actor { name } onBehalfOf { name } }
  revisions { id revision reason revisedAt input ${CHANGES} }`;

export const SIGN_IN = `mutation ConsoleSignIn($email: String!, $password: String!, $oneTimeCode: String) {
  signIn(input: { email: $email, password: $password, oneTimeCode: $oneTimeCode }) { expiresAt viewer { id name roles } }
}`;

export const SIGN_OUT = 'mutation ConsoleSignOut { signOut { signedOut } }';

export const STEP_UP = `mutation ConsoleStepUp($oneTimeCode: String!) {
  stepUp(input: { oneTimeCode: $oneTimeCode }) { until }
}`;

export const VIEWER = 'query ConsoleViewer { viewer { id name roles } }';

export const AWAITING = `query ConsoleAwaiting($first: Int!, $after: String) {
  myApprovals(first: $first, after: $after) { totalCount nodes { ${ROW} } pageInfo { hasNextPage endCursor } }
}`;

export const AWAITS = 'subscription ConsoleAwaits { changeRequestAwaits { id } }';

export const REQUEST_BY_ID = `query ConsoleRequest($id: ID!) { changeRequest(id: $id) { ${REQUEST} } }`;

export const APPROVE = `mutation ConsoleApprove($input: ApproveChangeRequestInput!) {
  approveChangeRequest(input: $input) { changeRequest { status } }
}`;

export const REJECT = `mutation ConsoleReject($input: RejectChangeRequestInput!) {
  rejectChangeRequest(input: $input) { changeRequest { status } }
}`;

export const RETURN = `mutation ConsoleReturn($input: ReturnChangeRequestInput!) {
  returnChangeRequest(input: $input) { changeRequest { status } }
}`;

export const DECIDE_MANY = `mutation ConsoleDecideMany($input: DecideChangeRequestsInput!) {
  decideChangeRequests(input: $input) { results { id ok code } }
}`;

const ACCOUNT = 'account { code legalName }';

/** What a change is about, by its type: one row in the words that people know it by. */
export const SUBJECTS = {
  Account: 'query ConsoleAccount($id: ID!) { subject: account(id: $id) { code legalName } }',
  Agent: 'query ConsoleAgent($id: ID!) { subject: agent(id: $id) { code name } }',
  ApprovalPolicy: 'query ConsoleApprovalPolicy($id: ID!) { subject: approvalPolicy(id: $id) { operation } }',
  Complaint: `query ConsoleComplaint($id: ID!) { subject: complaint(id: $id) { category sourceReference ${ACCOUNT} } }`,
  Dispute: `query ConsoleDispute($id: ID!) { subject: dispute(id: $id) { reasonCode invoice { number } ${ACCOUNT} } }`,
  Invoice: `query ConsoleInvoice($id: ID!) { subject: invoice(id: $id) { number total { amount currency } ${ACCOUNT} } }`,
  Lob: `query ConsoleLob($id: ID!) { subject: lob(id: $id) { code name ${ACCOUNT} } }`,
  User: 'query ConsoleUser($id: ID!) { subject: user(id: $id) { name } }',
};
