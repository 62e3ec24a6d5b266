import { randomBytes } from 'node:crypto';

/** An id that could name a row and names none. */
export const NO_ID = '0190f000-0000-7000-8000-000000000000';

const unique = () => randomBytes(5).toString('hex').toUpperCase();
const terms = {
  effectiveFrom: '2024-01-01',
  rates: [{ name: 'Calls', measure: 'HANDLED_CALLS', model: 'PER_UNIT', perUnit: '1' }],
};
const money = { amount: '1.00', currency: 'USD' };

/** A valid input for each mutation that has one, about rows that do not exist. */
export const INPUTS: Record<string, () => object> = {
  signIn: () => ({ email: 'nobody-at-all@test.example', password: 'not the password' }),
  endSession: () => ({ sessionId: NO_ID }),
  // In effect nothing, since whoever enters has one session.
  endOtherSessions: () => ({ idempotencyKey: unique() }),
  linkOidcSubject: () => ({ userId: NO_ID, oidcSubject: 'x', reason: 'asked' }),
  createApiKey: () => ({ name: 'dialler', scopes: ['complaint.read'], reason: 'imports' }),
  rotateApiKey: () => ({ apiKeyId: NO_ID, reason: 'time' }),
  drawApiKeySecret: () => ({ apiKeyId: NO_ID }),
  revokeApiKey: () => ({ apiKeyId: NO_ID, reason: 'over' }),
  changePassword: () => ({ presentPassword: 'not the password', newPassword: 'another long password' }),
  createUser: () => ({ name: 'New', email: `new-${unique()}@test.example`, password: 'a long password' }),
  deactivateUser: () => ({ userId: NO_ID, reason: 'left' }),
  reactivateUser: () => ({ userId: NO_ID, reason: 'back' }),
  inviteUser: () => ({ name: 'New', email: `invited-${unique()}@test.example` }),
  drawPasswordToken: () => ({ userId: NO_ID }),
  choosePassword: () => ({ token: 'no token of anybody', password: 'a long password' }),
  resetPassword: () => ({ userId: NO_ID, reason: 'forgotten' }),
  enrolTotp: () => ({}),
  confirmTotp: () => ({ oneTimeCode: '000000' }),
  drawRecoveryCodes: () => ({}),
  stepUp: () => ({ oneTimeCode: '000000' }),
  removeSecondFactor: () => ({ userId: NO_ID, reason: 'lost' }),
  grantRole: () => ({ userId: NO_ID, role: 'billing', reason: 'hired' }),
  linkUsers: () => ({ userId: NO_ID, samePersonAsId: NO_ID, reason: 'one desk' }),
  revokeRole: () => ({ roleGrantId: NO_ID, reason: 'moved' }),
  revealSensitiveValue: () => ({ type: 'Account', id: NO_ID, field: 'taxId', reason: 'a call' }),
  findBySensitiveValue: () => ({ type: 'Account', field: 'taxId', value: '12-3456789', reason: 'a call' }),
  grantRevealAllowance: () => ({ userId: NO_ID, reveals: 5, expiresAt: '2999-01-01T00:00:00Z', reason: 'a recall' }),
  approveChangeRequest: () => ({ id: NO_ID, revision: 1, digest: '0'.repeat(64) }),
  rejectChangeRequest: () => ({ id: NO_ID, reason: 'no' }),
  withdrawChangeRequest: () => ({ id: NO_ID }),
  reassignChangeRequest: () => ({ id: NO_ID, revision: 1, assigneeId: NO_ID, reason: 'their field' }),
  retryChangeRequest: () => ({ id: NO_ID, revision: 1, digest: '0'.repeat(64) }),
  delegateApprovals: () => ({ delegateId: NO_ID, endsAt: '2999-01-01T00:00:00Z', reason: 'away' }),
  delegateApprovalsForAnother: () => ({
    delegatorId: NO_ID,
    delegateId: NO_ID,
    endsAt: '2999-01-01T00:00:00Z',
    reason: 'ill',
  }),
  revokeDelegation: () => ({ delegationId: NO_ID, reason: 'back' }),
  createApprovalPolicy: () => ({ operation: 'invoice.void', name: `d-${unique().toLowerCase()}`, reason: 'audit' }),
  changeApprovalPolicy: () => ({ approvalPolicyId: NO_ID, active: true, reason: 'audit' }),
  createWebhook: () => ({
    name: unique(),
    url: 'https://example.com/',
    events: ['changeRequest.proposed'],
    reason: 'chat',
  }),
  changeWebhook: () => ({ webhookId: NO_ID, active: true, reason: 'back' }),
  drawWebhookSecret: () => ({ webhookId: NO_ID, reason: 'new' }),
  redeliverWebhook: () => ({ deliveryId: NO_ID, reason: 'mended' }),
  setApprovalLimit: () => ({ userId: NO_ID, currency: 'USD', perRequest: '1.00', reason: 'new' }),
  setExchangeRate: () => ({ currency: 'USD', perEuro: '1.1', validOn: '1999-01-04', reason: 'ECB' }),
  startAccessReview: () => ({
    name: 'Q2',
    dueAt: '2999-01-01T00:00:00Z',
    reviewerId: NO_ID,
    deputyId: NO_ID,
    reason: 'quarterly',
  }),
  decideAccessReviewItem: () => ({ accessReviewItemId: NO_ID, verdict: 'KEEP', reason: 'needed' }),
  closeAccessReview: () => ({ accessReviewId: NO_ID, reason: 'done' }),
  allowDutyException: () => ({
    userId: NO_ID,
    duty: 'INVOICING',
    otherDuty: 'INVOICE_APPROVAL',
    ownerId: NO_ID,
    endsAt: '2999-01-01T00:00:00Z',
    reason: 'a small team',
  }),
  endDutyException: () => ({ dutyExceptionId: NO_ID, reason: 'over' }),
  breakGlass: () => ({ id: NO_ID, revision: 1, digest: '0'.repeat(64), reason: 'the client is locked out of it' }),
  reviewFinding: () => ({ findingId: NO_ID, verdict: 'JUSTIFIED', comment: 'so it was' }),
  openLegalEntity: () => ({ code: `D-${unique()}`, legalName: 'Door GmbH', address: { country: 'DE' }, reason: 'new' }),
  changeLegalEntity: () => ({ legalEntityId: NO_ID, legalName: 'Door GmbH', reason: 'renamed' }),
  burnDocumentNumbers: () => ({
    legalEntityId: NO_ID,
    documentType: 'INVOICE',
    fiscalYear: 2026,
    upTo: 5,
    reason: 'used before',
  }),
  setTaxRule: () => ({
    legalEntityId: NO_ID,
    country: 'IN',
    validFrom: '2024-01-01',
    components: [{ name: 'IGST', category: 'S', percent: '18' }],
    reason: 'GST',
  }),
  endTaxRule: () => ({ taxRuleId: NO_ID, endsOn: '2024-01-01', reason: 'over' }),
  reviewInvoice: () => ({ invoiceId: NO_ID }),
  acceptInvoice: () => ({ invoiceId: NO_ID, note: 'by mail' }),
  objectToInvoice: () => ({ invoiceId: NO_ID, reason: 'too much' }),
  issueCreditNote: () => ({ invoiceId: NO_ID, reasonCode: 'GOODWILL', items: [{ lineId: NO_ID, amount: money }] }),
  openAccount: () => ({ code: `D-${unique()}`, legalName: 'Door Ltd', currency: 'USD', timeZone: 'UTC' }),
  changeAccount: () => ({ accountId: NO_ID, legalName: 'Door Ltd' }),
  closeAccount: () => ({ accountId: NO_ID, reason: 'over' }),
  openLob: () => ({ accountId: NO_ID, code: 'DOOR', name: 'Door' }),
  closeLob: () => ({ lobId: NO_ID, reason: 'over' }),
  hireAgent: () => ({ code: `D-${unique()}`, name: 'Agent', hiredOn: '2024-01-01' }),
  assignAgent: () => ({ agentId: NO_ID, lobId: NO_ID, startsOn: '2024-01-01' }),
  requestAgentTransfer: () => ({ agentId: NO_ID, toLobId: NO_ID, startsOn: '2024-01-01', reason: 'asked' }),
  endAssignment: () => ({ assignmentId: NO_ID, endsOn: '2024-01-01', reason: 'over' }),
  signAgreement: () => ({ accountId: NO_ID, code: `D-${unique()}`, name: 'Door', terms, reason: 'new' }),
  amendAgreement: () => ({ agreementId: NO_ID, terms, reason: 'dearer' }),
  endAgreement: () => ({ agreementId: NO_ID, endsOn: '2024-01-01', reason: 'over' }),
  runBilling: () => ({ accountId: NO_ID, from: '2024-01-01', until: '2024-02-01' }),
  releaseBilling: () => ({ billingRunAccountId: NO_ID, reason: 'looked at' }),
  reportUsage: () => ({
    accountId: NO_ID,
    source: 'wfm',
    reports: [{ sourceId: '1', lobId: NO_ID, measure: 'SEATS', day: '2024-01-01', quantity: '1' }],
  }),
  importUsage: () => ({
    accountId: NO_ID,
    source: 'acd',
    records: [{ sourceId: '1', lob: 'L', startedAt: '2024-01-01T00:00:00Z' }],
  }),
  draftInvoice: () => ({ accountId: NO_ID, lines: [{ description: 'x', quantity: '1', unitPrice: '1' }] }),
  issueInvoice: () => ({ invoiceId: NO_ID }),
  voidInvoice: () => ({ invoiceId: NO_ID, reason: 'twice' }),
  openDispute: () => ({ invoiceId: NO_ID, reasonCode: 'RATE', items: [{ lineId: NO_ID, amount: money }] }),
  resolveDispute: () => ({ disputeId: NO_ID, note: 'so', items: [{ itemId: NO_ID, acceptedAmount: money }] }),
  withdrawDispute: () => ({ disputeId: NO_ID }),
  fileComplaint: () => ({
    accountId: NO_ID,
    lobId: NO_ID,
    channel: 'PHONE',
    category: 'x',
    receivedAt: '2024-01-01T00:00:00Z',
  }),
  acknowledgeComplaint: () => ({ complaintId: NO_ID }),
  resolveComplaint: () => ({ complaintId: NO_ID, resolution: 'UPHELD' }),
  reopenComplaint: () => ({ complaintId: NO_ID, reason: 'again' }),
  returnChangeRequest: () => ({ id: NO_ID, reason: 'not so' }),
  reviseChangeRequest: () => ({ id: NO_ID, input: {} }),
  decideChangeRequests: () => ({
    decisions: [{ id: NO_ID, revision: 1, digest: '0'.repeat(64), decision: 'APPROVED' }],
  }),
  erasePersonalData: () => ({ subjectType: 'Agent', subjectId: NO_ID, reason: 'asked to' }),
};

const SELECTIONS: Record<string, string> = {
  signIn: 'expiresAt',
  signOut: 'signedOut',
  changePassword: 'viewer { id }',
  revealSensitiveValue: 'outcome value',
  decideChangeRequests: 'results { ok code }',
  findBySensitiveValue: 'outcome ids',
  drawWebhookSecret: 'outcome',
  drawApiKeySecret: 'outcome',
  choosePassword: 'chosen',
  drawPasswordToken: 'outcome',
  enrolTotp: 'outcome',
  confirmTotp: 'outcome',
  drawRecoveryCodes: 'outcome',
  stepUp: 'outcome',
};

/** A document that asks a mutation, and its variables. */
export function mutationOf(name: string): { query: string; variables: Record<string, unknown> } {
  const selection = SELECTIONS[name] ?? 'outcome changeRequest { id }';
  const input = INPUTS[name];
  if (!input) return { query: `mutation { ${name} { ${selection} } }`, variables: {} };
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input`;
  return {
    query: `mutation ($input: ${type}!) { ${name}(input: $input) { ${selection} } }`,
    variables: { input: input() },
  };
}

/** A document that asks a query by the form of its name: one by an id that names none, or the first page of a list. */
export function queryOf(
  name: string,
  args: readonly { name: string }[],
): { query: string; variables: Record<string, unknown> } {
  const variables = {};
  if (name === 'viewer') return { query: '{ viewer { id } }', variables };
  if (name === 'auditInclusionProof') return { query: `{ ${name}(eventId: "${NO_ID}") { size } }`, variables };
  if (name === 'auditAccess')
    return {
      query: `{ ${name}(subjectType: "Account", subjectId: "${NO_ID}", at: "2026-01-01T00:00:00Z") { userId } }`,
      variables,
    };
  if (name === 'accessReviewEvidence')
    return { query: `{ ${name}(accessReviewId: "${NO_ID}", format: JSON) { digest } }`, variables };
  if (name === 'accessReviewSample')
    return { query: `{ ${name}(accessReviewId: "${NO_ID}", seed: "x", size: 1) { digest } }`, variables };
  if (name === 'accessMetrics')
    return {
      query: `{ ${name}(range: { from: "2026-01-01T00:00:00Z", to: "2026-02-01T00:00:00Z", bucket: DAY }) { reveals } }`,
      variables,
    };
  if (name === 'billingPreview')
    return {
      query: `{ ${name}(accountId: "${NO_ID}", from: "2026-01-01", until: "2026-02-01") { unratedCalls } }`,
      variables,
    };
  if (name === 'whoCould')
    return { query: `{ ${name}(operation: "invoice.void", at: "2026-01-01T00:00:00Z") { userId } }`, variables };
  if (name === 'valueReveals')
    return { query: `{ ${name}(subjectType: "Account", subjectId: "${NO_ID}") { userId } }`, variables };
  if (name === 'dormantUsers') return { query: `{ ${name} { userId } }`, variables };
  if (name === 'dutyMatrix' || name === 'dutyConflicts') return { query: `{ ${name} { duty } }`, variables };
  if (name === 'approvalCounts') return { query: `{ ${name} { operation waiting } }`, variables };
  if (name === 'approvalPolicyFor')
    return { query: `{ ${name}(operation: "none.such", input: {}) { required } }`, variables };
  if (name === 'auditConsistencyProof') return { query: `{ ${name}(fromSize: 0, toSize: 0) { toSize } }`, variables };
  if (args.some((arg) => arg.name === 'id')) return { query: `{ ${name}(id: "${NO_ID}") { id } }`, variables };
  return { query: `{ ${name}(first: 1) { totalCount nodes { id } } }`, variables };
}
