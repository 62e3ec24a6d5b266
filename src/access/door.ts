import { and, rule, shield } from 'graphql-shield';
import type { IMiddlewareFunction } from 'graphql-middleware';
import { recordRefusal } from '../audit/record';
import { attemptAtField } from './attempt';
import { afterTheFact } from '../platform/asked';
import type { Context } from '../platform/context';
import { DomainError } from '../platform/errors';
import { assertText } from '../platform/text';
import { scopeRequired } from './openid';

type Rule = ReturnType<ReturnType<typeof rule>>;

/** Open to anybody, signed in or not. */
const anybody = rule('anybody', { cache: 'no_cache' })(() => true);

/** Open to whoever is signed in. */
const signedIn = rule('signed in', { cache: 'no_cache' })(
  (_root, _args, { actor }: Context) => actor !== null || unauthenticated(),
);

const made = new Map<string, Rule>();

/** Open to whoever has the permission for at least some rows. Which rows is the operation's and the read's to say. */
function may(action: string, subject: string): Rule {
  const name = `${action} ${subject}`;
  const known = made.get(name);
  if (known) return known;
  const fresh = rule(name, { cache: 'no_cache' })((_root, _args, { actor }: Context) => {
    if (!actor) return unauthenticated();
    return (
      actor.ability.can(action, subject) ||
      new DomainError('FORBIDDEN', `You may not ${action} any ${subject}.`, { action, subject })
    );
  });
  made.set(name, fresh);
  return fresh;
}

/** Open to whoever has the permission for some type: which type, the input says. */
const mayAny = (action: string): Rule =>
  rule(`${action} any`, { cache: 'no_cache' })((_root, _args, { actor }: Context) => {
    if (!actor) return unauthenticated();
    const has = actor.ability.rules.some((each) => [each.action].flat().includes(action));
    return has || new DomainError('FORBIDDEN', `You may not ${action} anything.`, { action });
  });

const unauthenticated = () => new DomainError('UNAUTHENTICATED', 'Sign in first.');

/**
 * One line for each root field. A field without a line is refused, and start-up and a test fail. A rule looks at abilities
 * alone: what it lets through is planned once for every viewer of a kind.
 */
export const door = {
  Query: {
    viewer: anybody,
    legalEntity: may('read', 'LegalEntity'),
    legalEntities: may('read', 'LegalEntity'),
    documentNumbers: may('read', 'DocumentNumber'),
    taxRule: may('read', 'TaxRule'),
    taxRules: may('read', 'TaxRule'),
    account: may('read', 'Account'),
    accounts: may('read', 'Account'),
    lob: may('read', 'Lob'),
    lobs: may('read', 'Lob'),
    agent: may('read', 'Agent'),
    agents: may('read', 'Agent'),
    agreement: may('read', 'Agreement'),
    agreements: may('read', 'Agreement'),
    invoice: may('read', 'Invoice'),
    invoices: may('read', 'Invoice'),
    creditNote: may('read', 'CreditNote'),
    creditNotes: may('read', 'CreditNote'),
    usageImport: may('read', 'UsageImport'),
    usageImports: may('read', 'UsageImport'),
    usageQuantities: may('read', 'UsageQuantity'),
    billingRun: may('read', 'BillingRun'),
    billingRuns: may('read', 'BillingRun'),
    billingRunAccount: may('read', 'BillingRunAccount'),
    billingPreview: may('run', 'BillingRun'),
    callRecords: may('read', 'CallRecord'),
    dispute: may('read', 'Dispute'),
    disputes: may('read', 'Dispute'),
    complaint: may('read', 'Complaint'),
    complaints: may('read', 'Complaint'),
    changeRequest: may('read', 'ChangeRequest'),
    changeRequests: may('read', 'ChangeRequest'),
    myApprovals: may('approve', 'ChangeRequest'),
    approvalCounts: may('approve', 'ChangeRequest'),
    approvalPolicyFor: may('read', 'ApprovalPolicy'),
    approvalPolicy: may('read', 'ApprovalPolicy'),
    approvalPolicies: may('read', 'ApprovalPolicy'),
    webhook: may('read', 'Webhook'),
    webhooks: may('read', 'Webhook'),
    revealAllowances: may('read', 'RevealAllowance'),
    webhookDeliveries: may('read', 'WebhookDelivery'),
    approvalLimits: may('read', 'ApprovalLimit'),
    exchangeRates: may('read', 'ExchangeRate'),
    findings: may('read', 'Finding'),
    delegation: may('read', 'Delegation'),
    delegations: may('read', 'Delegation'),
    sessions: may('read', 'Session'),
    apiKey: may('read', 'ApiKey'),
    apiKeys: may('read', 'ApiKey'),
    user: may('read', 'User'),
    users: may('read', 'User'),
    accessReview: may('read', 'AccessReview'),
    accessReviews: may('read', 'AccessReview'),
    accessReviewItems: may('read', 'AccessReviewItem'),
    accessReviewEvidence: may('read', 'AccessReview'),
    accessReviewSample: may('read', 'AccessReview'),
    dutyExceptions: may('read', 'DutyException'),
    dutyMatrix: may('read', 'DutyException'),
    dutyConflicts: may('read', 'DutyException'),
    auditEvent: may('read', 'AuditEvent'),
    auditEvents: may('read', 'AuditEvent'),
    auditCheckpoints: may('read', 'AuditCheckpoint'),
    auditInclusionProof: may('question', 'AuditEvent'),
    auditAccess: may('question', 'AuditEvent'),
    accessMetrics: may('question', 'AuditEvent'),
    whoCould: may('question', 'AuditEvent'),
    valueReveals: may('question', 'AuditEvent'),
    dormantUsers: may('question', 'AuditEvent'),
    auditConsistencyProof: may('read', 'AuditCheckpoint'),
  },
  Mutation: {
    signIn: anybody,
    signOut: signedIn,
    changePassword: may('changePassword', 'User'),
    choosePassword: anybody,
    enrolTotp: signedIn,
    confirmTotp: signedIn,
    drawRecoveryCodes: signedIn,
    stepUp: signedIn,
    removeSecondFactor: may('removeSecondFactor', 'User'),
    inviteUser: may('invite', 'User'),
    drawPasswordToken: may('drawPasswordToken', 'User'),
    resetPassword: may('resetPassword', 'User'),
    endSession: may('end', 'Session'),
    endOtherSessions: may('end', 'Session'),
    linkOidcSubject: may('link', 'User'),
    createApiKey: may('create', 'ApiKey'),
    rotateApiKey: may('rotate', 'ApiKey'),
    drawApiKeySecret: may('drawSecret', 'ApiKey'),
    revokeApiKey: may('revoke', 'ApiKey'),
    createUser: may('create', 'User'),
    deactivateUser: may('deactivate', 'User'),
    reactivateUser: may('reactivate', 'User'),
    linkUsers: may('link', 'User'),
    grantRole: may('grant', 'RoleGrant'),
    revokeRole: may('revoke', 'RoleGrant'),
    startAccessReview: may('start', 'AccessReview'),
    closeAccessReview: may('close', 'AccessReview'),
    decideAccessReviewItem: may('decide', 'AccessReviewItem'),
    allowDutyException: may('allow', 'DutyException'),
    endDutyException: may('end', 'DutyException'),
    revealSensitiveValue: mayAny('reveal'),
    findBySensitiveValue: mayAny('find'),
    grantRevealAllowance: may('grant', 'RevealAllowance'),
    decideChangeRequests: may('approve', 'ChangeRequest'),
    approveChangeRequest: may('approve', 'ChangeRequest'),
    rejectChangeRequest: may('reject', 'ChangeRequest'),
    returnChangeRequest: may('return', 'ChangeRequest'),
    reviseChangeRequest: may('revise', 'ChangeRequest'),
    withdrawChangeRequest: may('withdraw', 'ChangeRequest'),
    reassignChangeRequest: may('approve', 'ChangeRequest'),
    retryChangeRequest: may('retry', 'ChangeRequest'),
    delegateApprovals: may('create', 'Delegation'),
    delegateApprovalsForAnother: may('createForAnother', 'Delegation'),
    revokeDelegation: may('revoke', 'Delegation'),
    createApprovalPolicy: may('create', 'ApprovalPolicy'),
    changeApprovalPolicy: may('change', 'ApprovalPolicy'),
    createWebhook: may('create', 'Webhook'),
    changeWebhook: may('change', 'Webhook'),
    drawWebhookSecret: may('drawSecret', 'Webhook'),
    redeliverWebhook: may('redeliver', 'Webhook'),
    setApprovalLimit: may('set', 'ApprovalLimit'),
    setExchangeRate: may('set', 'ExchangeRate'),
    breakGlass: may('breakGlass', 'ChangeRequest'),
    reviewFinding: may('review', 'Finding'),
    openLegalEntity: may('open', 'LegalEntity'),
    changeLegalEntity: may('change', 'LegalEntity'),
    burnDocumentNumbers: may('burn', 'DocumentNumber'),
    setTaxRule: may('set', 'TaxRule'),
    endTaxRule: may('end', 'TaxRule'),
    openAccount: may('open', 'Account'),
    changeAccount: may('change', 'Account'),
    closeAccount: may('close', 'Account'),
    openLob: may('open', 'Lob'),
    closeLob: may('close', 'Lob'),
    hireAgent: may('hire', 'Agent'),
    assignAgent: may('assign', 'Agent'),
    requestAgentTransfer: may('transfer', 'Agent'),
    endAssignment: may('end', 'Assignment'),
    signAgreement: may('sign', 'Agreement'),
    amendAgreement: may('amend', 'Agreement'),
    endAgreement: may('end', 'Agreement'),
    importUsage: may('import', 'Usage'),
    reportUsage: may('import', 'Usage'),
    runBilling: may('run', 'BillingRun'),
    releaseBilling: may('release', 'BillingRunAccount'),
    draftInvoice: may('draft', 'Invoice'),
    reviewInvoice: may('review', 'Invoice'),
    acceptInvoice: may('accept', 'Invoice'),
    objectToInvoice: may('object', 'Invoice'),
    issueInvoice: may('issue', 'Invoice'),
    voidInvoice: may('void', 'Invoice'),
    issueCreditNote: may('issue', 'CreditNote'),
    openDispute: may('open', 'Dispute'),
    resolveDispute: may('resolve', 'Dispute'),
    withdrawDispute: may('withdraw', 'Dispute'),
    fileComplaint: may('file', 'Complaint'),
    acknowledgeComplaint: may('acknowledge', 'Complaint'),
    resolveComplaint: may('resolve', 'Complaint'),
    reopenComplaint: may('reopen', 'Complaint'),
    erasePersonalData: mayAny('erase'),
  },
  Subscription: {
    changeRequestAwaits: may('approve', 'ChangeRequest'),
  },
} satisfies Record<string, Record<string, Rule>>;

const closed = rule('closed', { cache: 'no_cache' })(
  () => new DomainError('FORBIDDEN', 'This is closed to everybody.'),
);

/** Open to whoever may do more than read: a token of an issuer may lack the scope for it. */
const writes = rule('writes', { cache: 'no_cache' })(
  (_root, _args, { readsOnly, app }: Context) => !readsOnly || scopeRequired(app.config.openId?.writeScopes ?? []),
);

/** What changes nothing but the session of whoever asks, and what needs none. */
const OPEN_TO_READERS = new Set(['signIn', 'signOut', 'choosePassword', 'stepUp']);

const guardedMutations = Object.fromEntries(
  Object.entries(door.Mutation).map(([name, each]) => [name, OPEN_TO_READERS.has(name) ? each : and(writes, each)]),
);

/** Shield on the root fields alone. What a type shows below them is decided when a read is compiled. */
export const doorkeeper = () =>
  shield(
    {
      Query: { '*': closed, ...door.Query },
      Mutation: { '*': closed, ...guardedMutations },
      Subscription: { '*': closed, ...door.Subscription },
    },
    { allowExternalErrors: true },
  );

const turns = new WeakMap<Context, Promise<void>>();

/** One after another within a request: many refusals at once would take every connection from everybody else. */
function inTurn(context: Context, work: () => Promise<void>): Promise<void> {
  const turn = (turns.get(context) ?? Promise.resolve()).then(work);
  turns.set(context, turn);
  return turn;
}

/**
 * Stands outside of the door: checks that every text can be kept, and sees to it that a refusal leaves its event, also
 * one that never reached an operation. Reads that are refused are recorded, too; a broken read is the log's.
 */
export const witness: IMiddlewareFunction<unknown, Context> = async (resolve, root, args, context, info) => {
  // What is refused while a document is planned is refused again, and recorded, when it is answered the ordinary way.
  if (context.planning) return resolve(root, args, context, info) as unknown;
  try {
    assertText(args);
    const answer: unknown = await resolve(root, args, context, info);
    if (answer instanceof Error) throw answer;
    return answer;
  } catch (error) {
    const refused = error instanceof DomainError && ['FORBIDDEN', 'UNAUTHENTICATED'].includes(error.code);
    const { name: parent } = info.parentType;
    const done = error instanceof Error && afterTheFact.has(error);
    if (!done && (refused || parent === 'Mutation'))
      await inTurn(context, () =>
        recordRefusal(
          context,
          error,
          attemptAtField(context.app.catalogue, parent, info.fieldName, (args as { input?: unknown }).input),
        ),
      );
    throw error;
  }
};
