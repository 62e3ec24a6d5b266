import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import {
  execute,
  getNamedType,
  type GraphQLField,
  type GraphQLType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isScalarType,
  isSpecifiedScalarType,
  lexicographicSortSchema,
  parse,
  printSchema,
} from 'graphql';
import { abilityOf } from '../src/access/permissions';
import { catalogue } from '../src/catalogue';
import { reads } from '../src/reads';
import { bareSchema } from '../src/schema';
import { mutationOf } from './access/documents';

const schema = bareSchema();
const types = Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith('__'));
const inputs = types.filter(isInputObjectType);
const mutations = Object.values(schema.getMutationType()!.getFields());
const DECIDED_HERE =
  /(^|\.)(id|status|version|maker|makerId|approver|approverId|approvedBy|approvedById|role|actor|actorId)$/;

describe('the schema', () => {
  it('describes every type, field, argument, input field and enum value', () => {
    const silent = types.flatMap((type) => {
      if (isScalarType(type) && isSpecifiedScalarType(type)) return [];
      const of = (name: string, description: string | null | undefined) => (description?.trim() ? [] : [name]);
      const root = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].includes(
        type as never,
      );
      const fields =
        isObjectType(type) || isInterfaceType(type) || isInputObjectType(type) ? Object.values(type.getFields()) : [];
      return [
        ...(root ? [] : of(type.name, type.description)),
        ...fields.flatMap((field) => [
          ...of(`${type.name}.${field.name}`, field.description),
          ...('args' in field ? (field as GraphQLField<unknown, unknown>).args : []).flatMap((arg) =>
            of(`${type.name}.${field.name}(${arg.name})`, arg.description),
          ),
        ]),
        ...(isEnumType(type)
          ? type.getValues().flatMap((value) => of(`${type.name}.${value.name}`, value.description))
          : []),
      ];
    });
    expect(silent).toEqual([]);
  });

  it('is the committed schema/schema.graphql; if not, run `npm run schema` and commit it', () => {
    const file = path.resolve(__dirname, '../schema/schema.graphql');
    if (!existsSync(file))
      throw new Error('schema/schema.graphql is missing: make it with `npm run schema` and commit it.');
    const printed = printSchema(lexicographicSortSchema(bareSchema())).trim();
    if (readFileSync(file, 'utf8').trim() !== printed)
      throw new Error(
        'schema/schema.graphql is not the schema of the code: make it again with `npm run schema` and commit it.',
      );
  });

  it('is built anew each time, alike', () => {
    expect(printSchema(bareSchema())).toBe(printSchema(schema));
  });

  it('has no Float: money and quantities are exact decimals', () => {
    const floats = types.flatMap((type) => {
      if (isObjectType(type) || isInputObjectType(type))
        return Object.values(type.getFields()).flatMap((field) => [
          ...(getNamedType(field.type as GraphQLType).name === 'Float' ? [`${type.name}.${field.name}`] : []),
          ...('args' in field ? (field as GraphQLField<unknown, unknown>).args : [])
            .filter((arg) => getNamedType(arg.type).name === 'Float')
            .map((arg) => `${type.name}.${field.name}(${arg.name})`),
        ]);
      return [];
    });
    expect(floats).toEqual([]);
    expect(schema.getType('Float')).toBeUndefined();
  });

  it('lets no input set what the house decides: ids, states, versions, who made or approved it', () => {
    const found = inputs.flatMap((type) =>
      Object.keys(type.getFields())
        .filter((field) => DECIDED_HERE.test(field))
        .map((field) => `${type.name}.${field}`),
    );
    expect(found.toSorted()).toEqual(
      [
        // References to what is there already, and filters.
        'ApproveChangeRequestInput.id',
        'AuditEventFilter.actorId',
        'AccountFilter.status',
        'BreakGlassInput.id',
        'ChangeRequestFilter.makerId',
        'ChangeRequestFilter.status',
        'ComplaintFilter.status',
        'DecisionInput.id',
        'DisputeFilter.status',
        'GrantRoleInput.role',
        'InvoiceFilter.status',
        'LobFilter.status',
        'ReassignChangeRequestInput.id',
        'RejectChangeRequestInput.id',
        'RetryChangeRequestInput.id',
        'ReturnChangeRequestInput.id',
        'ReviseChangeRequestInput.id',
        'RevealSensitiveValueInput.id',
        'UserFilter.role',
        'WithdrawChangeRequestInput.id',
      ].toSorted(),
    );
  });

  it('takes an idempotency key in every mutation but signIn; signOut has no input', () => {
    const without = mutations.flatMap(({ name, args }) => {
      const type = args.length === 1 && args[0]!.name === 'input' ? getNamedType(args[0]!.type) : null;
      return isInputObjectType(type) && type.getFields().idempotencyKey ? [] : [name];
    });
    expect(without.toSorted()).toEqual(['changePassword', 'choosePassword', 'signIn', 'signOut']);
  });

  it('takes an expected version in every mutation that changes a row which has one to show', () => {
    const versioned = mutations
      .filter(({ args }) =>
        args.some((arg) => 'expectedVersion' in (getNamedType(arg.type) as { getFields?: () => object }).getFields!()),
      )
      .map(({ name }) => name);
    expect(versioned).toEqual(
      expect.arrayContaining([
        'changeAccount',
        'closeAccount',
        'closeLob',
        'requestAgentTransfer',
        'endAssignment',
        'issueInvoice',
        'voidInvoice',
        'openDispute',
        'resolveDispute',
        'withdrawDispute',
        'acknowledgeComplaint',
        'resolveComplaint',
        'reopenComplaint',
        'revokeRole',
        'deactivateUser',
        'changeApprovalPolicy',
        'revokeDelegation',
      ]),
    );
  });

  it('has for every type that is read a declaration, and declares every field of it', () => {
    const missing = [...reads].flatMap(([name, read]) => {
      const type = schema.getType(name);
      if (!isObjectType(type)) return [name];
      return Object.keys(type.getFields())
        .filter((field) => !(field in read.fields))
        .map((field) => `${name}.${field}`);
    });
    expect(missing).toEqual([]);
  });

  it('can filter and order by everything that it offers', () => {
    const missing = [...reads.values()].flatMap((read) => {
      const filter = schema.getType(`${read.type}Filter`);
      const order = schema.getType(`${read.type}Order`);
      return [
        ...(isInputObjectType(filter)
          ? Object.keys(filter.getFields())
              .filter((field) => !(field in read.filters))
              .map((field) => `${read.type}Filter.${field}`)
          : []),
        ...(isEnumType(order)
          ? order
              .getValues()
              .filter(({ value }) => !(String(value).replace(/_(ASC|DESC)$/, '') in read.orders))
              .map(({ name }) => `${read.type}Order.${name}`)
          : []),
      ];
    });
    expect(missing).toEqual([]);
  });

  /** Which operation each mutation submits. */
  const SUBMITS: Record<string, string> = {
    signOut: 'session.end',
    endSession: 'session.end',
    endOtherSessions: 'session.endOthers',
    linkOidcSubject: 'user.linkSubject',
    createApiKey: 'apiKey.create',
    rotateApiKey: 'apiKey.rotate',
    drawApiKeySecret: 'apiKeySecret.draw',
    revokeApiKey: 'apiKey.revoke',
    createUser: 'user.create',
    deactivateUser: 'user.deactivate',
    reactivateUser: 'user.reactivate',
    inviteUser: 'user.invite',
    drawPasswordToken: 'passwordToken.draw',
    resetPassword: 'password.reset',
    enrolTotp: 'totp.enrol',
    confirmTotp: 'totp.confirm',
    drawRecoveryCodes: 'recoveryCodes.draw',
    stepUp: 'session.stepUp',
    removeSecondFactor: 'secondFactor.remove',
    linkUsers: 'user.link',
    grantRole: 'role.grant',
    revokeRole: 'role.revoke',
    revealSensitiveValue: 'sensitiveValue.reveal',
    findBySensitiveValue: 'sensitiveValue.find',
    grantRevealAllowance: 'revealAllowance.grant',
    approveChangeRequest: 'changeRequest.approve',
    rejectChangeRequest: 'changeRequest.reject',
    returnChangeRequest: 'changeRequest.return',
    reviseChangeRequest: 'changeRequest.revise',
    withdrawChangeRequest: 'changeRequest.withdraw',
    breakGlass: 'changeRequest.breakGlass',
    reviewFinding: 'finding.review',
    setApprovalLimit: 'approvalLimit.set',
    setExchangeRate: 'exchangeRate.set',
    signAgreement: 'agreement.sign',
    amendAgreement: 'agreement.amend',
    endAgreement: 'agreement.end',
    startAccessReview: 'accessReview.start',
    decideAccessReviewItem: 'accessReviewItem.decide',
    closeAccessReview: 'accessReview.close',
    allowDutyException: 'dutyException.allow',
    endDutyException: 'dutyException.end',
    reassignChangeRequest: 'changeRequest.reassign',
    retryChangeRequest: 'changeRequest.retry',
    delegateApprovals: 'delegation.create',
    delegateApprovalsForAnother: 'delegation.createForAnother',
    revokeDelegation: 'delegation.revoke',
    createApprovalPolicy: 'approvalPolicy.create',
    createWebhook: 'webhook.create',
    changeWebhook: 'webhook.change',
    drawWebhookSecret: 'webhookSecret.draw',
    redeliverWebhook: 'webhook.redeliver',
    changeApprovalPolicy: 'approvalPolicy.change',
    openLegalEntity: 'legalEntity.open',
    changeLegalEntity: 'legalEntity.change',
    burnDocumentNumbers: 'documentNumber.burn',
    setTaxRule: 'taxRule.set',
    endTaxRule: 'taxRule.end',
    reviewInvoice: 'invoice.review',
    acceptInvoice: 'invoice.accept',
    objectToInvoice: 'invoice.object',
    issueCreditNote: 'creditNote.issue',
    openAccount: 'account.open',
    changeAccount: 'account.change',
    closeAccount: 'account.close',
    openLob: 'lob.open',
    closeLob: 'lob.close',
    hireAgent: 'agent.hire',
    assignAgent: 'agent.assign',
    requestAgentTransfer: 'agent.transfer',
    endAssignment: 'assignment.end',
    importUsage: 'usage.import',
    reportUsage: 'usage.report',
    runBilling: 'billing.run',
    releaseBilling: 'billing.release',
    draftInvoice: 'invoice.draft',
    issueInvoice: 'invoice.issue',
    voidInvoice: 'invoice.void',
    openDispute: 'dispute.open',
    resolveDispute: 'dispute.resolve',
    withdrawDispute: 'dispute.withdraw',
    fileComplaint: 'complaint.file',
    acknowledgeComplaint: 'complaint.acknowledge',
    resolveComplaint: 'complaint.resolve',
    reopenComplaint: 'complaint.reopen',
    erasePersonalData: 'personalData.erase',
  };

  // Passwords are compared before anything is submitted; test/access/change-password.test.ts shows what is.
  it('has no mutation outside of operations but those that compare passwords, and no operation without a mutation', () => {
    const compare = ['signIn', 'changePassword', 'choosePassword'];
    // Each decision of many is an operation of its own.
    const many = ['decideChangeRequests'];
    expect(mutations.map(({ name }) => name).toSorted()).toEqual(
      [...compare, ...many, ...Object.keys(SUBMITS)].toSorted(),
    );
    expect([...catalogue.names].toSorted()).toEqual([...new Set(Object.values(SUBMITS)), 'password.change'].toSorted());
  });

  it.each(Object.entries(SUBMITS))('%s submits %s and does nothing else', async (mutation, operation) => {
    const submitted: string[] = [];
    const submit = async (_context: unknown, name: string) => {
      submitted.push(name);
      throw new Error('submitted');
    };
    const { query, variables } = mutationOf(mutation);
    // Nothing else of the app is there: whatever else it did would fail differently.
    // What is tried is counted round it.
    const none = async () => undefined;
    const tries = { assertAllowed: none, begin: none, succeeded: none, undone: none };
    const app = { submit, clock: () => new Date(), keys: { cursor: Buffer.alloc(32) }, rates: { signIn: () => tries } };
    const contextValue = {
      app,
      actor: { email: 'somebody@test.example', ability: abilityOf('', []) },
      sessionId: 'one',
      reads,
    };
    const { errors } = await execute({ schema, document: parse(query), variableValues: variables, contextValue });
    expect(errors?.map(({ message }) => message)).toEqual(['submitted']);
    expect(submitted).toEqual([operation]);
    expect(catalogue.find(operation).name).toBe(operation);
  });
});

describe('the contract', () => {
  const PAGE = ['after', 'before', 'filter', 'first', 'last', 'orderBy'];
  const one = (name: string) => [name, ['id']] as const;
  const all = (name: string) => [name, PAGE] as const;
  const QUERIES = [
    ['viewer', []] as const,
    ...[
      'account',
      'lob',
      'agent',
      'invoice',
      'dispute',
      'complaint',
      'changeRequest',
      'user',
      'approvalPolicy',
      'delegation',
    ].map(one),
    ...[
      'accounts',
      'lobs',
      'agents',
      'invoices',
      'disputes',
      'complaints',
      'changeRequests',
      'users',
      'approvalPolicies',
      'delegations',
      'auditEvents',
    ].map(all),
  ];

  it.each(QUERIES)('Query.%s takes %j', (name, args) => {
    const field = schema.getQueryType()!.getFields()[name]!;
    expect(field.args.map((arg) => arg.name).toSorted()).toEqual(args);
  });

  it('Query.myApprovals takes first and after', () => {
    expect(
      schema
        .getQueryType()!
        .getFields()
        .myApprovals!.args.map((arg) => arg.name),
    ).toEqual(expect.arrayContaining(['first', 'after']));
  });

  const MUTATIONS: Record<string, string[]> = {
    signIn: ['email', 'password', 'oneTimeCode'],
    openAccount: ['code', 'legalName', 'currency', 'timeZone', 'taxId', 'bankAccountNumber'],
    changeAccount: ['accountId'],
    closeAccount: ['accountId'],
    openLob: ['accountId', 'code', 'name'],
    closeLob: ['lobId'],
    hireAgent: [],
    assignAgent: [],
    requestAgentTransfer: [],
    endAssignment: [],
    draftInvoice: ['accountId', 'lines', 'dueInDays'],
    issueInvoice: ['invoiceId'],
    voidInvoice: ['invoiceId', 'reason'],
    openDispute: ['invoiceId', 'reasonCode', 'items', 'note'],
    resolveDispute: ['disputeId', 'items', 'note'],
    withdrawDispute: ['disputeId'],
    fileComplaint: ['accountId', 'lobId', 'channel', 'category', 'receivedAt', 'customer', 'narrative'],
    acknowledgeComplaint: ['complaintId'],
    resolveComplaint: ['complaintId'],
    reopenComplaint: ['complaintId'],
    approveChangeRequest: ['id', 'revision', 'digest', 'comment'],
    rejectChangeRequest: ['id', 'reason'],
    returnChangeRequest: ['id', 'reason'],
    reviseChangeRequest: ['id', 'input'],
    decideChangeRequests: ['decisions'],
    withdrawChangeRequest: ['id'],
    reassignChangeRequest: ['id', 'revision', 'assigneeId', 'reason'],
    retryChangeRequest: ['id', 'revision', 'digest'],
    delegateApprovals: ['delegateId', 'startsAt', 'endsAt', 'operations', 'accountIds', 'outOfOffice', 'reason'],
    delegateApprovalsForAnother: ['delegatorId', 'delegateId', 'endsAt', 'reason'],
    revokeDelegation: ['delegationId', 'reason'],
    revealSensitiveValue: ['type', 'id', 'field', 'reason', 'purpose'],
  };

  it.each(Object.entries(MUTATIONS))(
    'Mutation.%s takes an input of its name with %j and answers a payload of its name',
    (name, fields) => {
      const field = schema.getMutationType()!.getFields()[name]!;
      const pascal = name.charAt(0).toUpperCase() + name.slice(1);
      expect(field.args.map((arg) => `${arg.name}: ${arg.type.toString()}`)).toEqual([`input: ${pascal}Input!`]);
      expect(field.type.toString()).toBe(`${pascal}Payload!`);
      const input = getNamedType(field.args[0]!.type);
      expect(isInputObjectType(input) && Object.keys(input.getFields())).toEqual(expect.arrayContaining(fields));
    },
  );

  it('Mutation.signOut takes nothing', () => {
    expect(schema.getMutationType()!.getFields().signOut).toMatchObject({ args: [] });
  });

  const NESTED: [string, string[]][] = [
    ['DraftInvoiceLineInput', ['lobId', 'description', 'quantity', 'unitPrice']],
    ['OpenDisputeItemInput', ['lineId', 'amount']],
    ['ResolveDisputeItemInput', ['itemId', 'acceptedAmount']],
    ['CustomerInput', ['name', 'email', 'phone', 'cardNumber']],
    ['MoneyInput', ['amount', 'currency']],
    [
      'AuditEventFilter',
      ['actorId', 'action', 'subjectType', 'subjectId', 'outcome', 'from', 'to', 'requestId', 'changeRequestId'],
    ],
  ];
  it.each(NESTED)('input %s has %j', (name, fields) => {
    const type = schema.getType(name);
    expect(isInputObjectType(type) && Object.keys(type.getFields())).toEqual(expect.arrayContaining(fields));
  });

  const OBJECTS: Record<string, string[]> = {
    Money: ['amount: Decimal!', 'currency: String!'],
    PageInfo: ['hasNextPage: Boolean!', 'hasPreviousPage: Boolean!', 'startCursor: String', 'endCursor: String'],
    Viewer: ['id: ID!', 'name: String!', 'email: String!', 'roles: [String!]!', 'permissions: [Permission!]!'],
    Account: [
      'id: ID!',
      'code: String!',
      'legalName: String!',
      'status: AccountStatus!',
      'currency: String!',
      'timeZone: String!',
      'version: Int!',
      'taxId: String',
      'bankAccountNumber: String',
      'lobs: LobConnection!',
      'invoices: InvoiceConnection!',
      'pendingChanges: [ChangeRequest!]!',
    ],
    Invoice: [
      'id: ID!',
      'number: String',
      'status: InvoiceStatus!',
      'paymentStatus: PaymentStatus!',
      'version: Int!',
      'account: Account!',
      'lines: [InvoiceLine!]!',
      'subtotal: Money!',
      'tax: Money!',
      'total: Money!',
      'disputedAmount: Money!',
      'openAmount: Money!',
      'issuedAt: DateTime',
      'dueOn: LocalDate',
      'disputes: DisputeConnection!',
      'pendingChanges: [ChangeRequest!]!',
    ],
    InvoiceLine: [
      'id: ID!',
      'lineNumber: Int!',
      'lob: Lob',
      'description: String!',
      'quantity: Decimal!',
      'unitPrice: Decimal!',
      'amount: Money!',
    ],
    ChangeRequest: [
      'id: ID!',
      'operation: String!',
      'status: ChangeRequestStatus!',
      'revision: Int!',
      'digest: String!',
      'subjectType: String!',
      'subjectId: ID',
      'input: JSON!',
      'changes: [FieldChange!]!',
      'maker: User',
      'reason: String',
      'createdAt: DateTime!',
      'expiresAt: DateTime',
      'decisions: [Decision!]!',
      'canDecide: Boolean!',
    ],
    FieldChange: ['path: String!', 'before: JSON', 'after: JSON'],
    AuditEvent: [
      'id: ID!',
      'sequence: Int',
      'at: DateTime!',
      'action: String!',
      'outcome: AuditOutcome!',
      'actor: User',
      'onBehalfOf: User',
      'roles: [String!]!',
      'subjectType: String',
      'subjectId: ID',
      'changes: [FieldChange!]!',
      'reason: String',
      'code: String',
      'changeRequestId: ID',
      'requestId: String!',
      'sessionId: ID',
      'ipAddress: String',
      'userAgent: String',
      'hash: String!',
    ],
    SignInPayload: ['token: String!', 'expiresAt: DateTime!', 'viewer: Viewer!'],
    VoidInvoicePayload: ['outcome: Outcome!', 'invoice: Invoice', 'changeRequest: ChangeRequest'],
    RevealSensitiveValuePayload: ['value: String'],
  };
  it.each(Object.entries(OBJECTS))('type %s has its fields with their types', (name, fields) => {
    const type = schema.getType(name);
    const built = isObjectType(type)
      ? Object.values(type.getFields()).map((field) => `${field.name}: ${field.type.toString()}`)
      : [];
    expect(built).toEqual(expect.arrayContaining(fields));
  });

  const ENUMS: Record<string, string[]> = {
    Outcome: ['DONE', 'AWAITING_APPROVAL'],
    InvoiceStatus: ['DRAFT', 'CLIENT_REVIEW', 'PENDING_APPROVAL', 'ISSUED', 'VOIDED'],
    PaymentStatus: ['UNPAID', 'PARTIALLY_PAID', 'PAID', 'OVERPAID', 'WRITTEN_OFF'],
    ChangeRequestStatus: ['PENDING', 'RETURNED', 'EXECUTED', 'REJECTED', 'WITHDRAWN', 'EXPIRED', 'STALE', 'FAILED'],
    AuditOutcome: ['DONE', 'REFUSED', 'FAILED'],
  };
  it.each(Object.entries(ENUMS))('enum %s is %j', (name, values) => {
    const type = schema.getType(name);
    expect(isEnumType(type) && type.getValues().map((value) => value.name)).toEqual(values);
  });
});
