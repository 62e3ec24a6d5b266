import 'reflect-metadata';
import {
  type DocumentNode,
  execute,
  getNamedType,
  type GraphQLFieldResolver,
  type GraphQLObjectType,
  type GraphQLSchema,
  isCompositeType,
  isInputObjectType,
  isObjectType,
  parse,
} from 'graphql';
import { applyMiddleware } from 'graphql-middleware';
import { validate } from 'class-validator';
import { ArgumentValidationError, buildSchemaSync, type ContainerType, type ResolverData } from 'type-graphql';
import { mutationOf } from './access/attempt';
import { door, doorkeeper, witness } from './access/door';
import { SensitiveValuesResolver } from './access/sensitive-values.resolver';
import { DutyExceptionResolver } from './access/duty-exception.resolver';
import { QuestionsResolver } from './access/questions.resolver';
import { TrailResolver } from './access/trail.resolver';
import { GettingInResolver } from './access/getting-in.resolver';
import { UserResolver } from './access/user.resolver';
import { SessionResolver } from './access/session.resolver';
import { AccountResolver } from './accounts/account.resolver';
import { AgentResolver } from './accounts/agent.resolver';
import { LobResolver } from './accounts/lob.resolver';
import { CreditNoteResolver, InvoiceCreditNotes } from './credits/credit-note.resolver';
import { LegalEntityResolver } from './issuers/legal-entity.resolver';
import { TaxRuleResolver } from './taxes/tax-rule.resolver';
import { AccountAgreements, AgreementResolver } from './agreements/agreement.resolver';
import { ApprovalLimitResolver } from './approvals/approval-limit.resolver';
import { ApprovalPolicyResolver } from './approvals/approval-policy.resolver';
import { ChangeRequestResolver } from './approvals/change-request.resolver';
import {
  ApiKeyChanges,
  DutyExceptionChanges,
  RoleGrantChanges,
  UserChanges,
} from './approvals/pending-changes.resolver';
import { DelegationResolver } from './approvals/delegation.resolver';
import { ExchangeRateResolver } from './approvals/exchange-rate.resolver';
import { FindingResolver } from './approvals/finding.resolver';
import { AuditCheckpointResolver } from './audit/checkpoint.resolver';
import { AuditEventResolver } from './audit/event.resolver';
import { AccountInvoices, InvoiceResolver } from './billing/invoice.resolver';
import { DisputeResolver, InvoiceDisputes } from './disputes/dispute.resolver';
import { AccountComplaints, ComplaintResolver, LobComplaints } from './complaints/complaint.resolver';
import { WebhookResolver } from './notifications/webhook.resolver';
import { AccessReviewResolver, ReviewItems } from './reviews/access-review.resolver';
import { PersonalDataResolver } from './privacy/personal-data.resolver';
import { BillingRunResolver, InvoiceBillingRun, InvoiceLineUsage } from './rating/billing-run.resolver';
import { UsageResolver } from './usage/usage.resolver';
import { Asked } from './platform/asked';
import type { App, Context } from './platform/context';
import { DomainError } from './platform/errors';
import { PageArgs } from './platform/pagination';
import { DecimalScalar } from './platform/scalars';
import { reads } from './reads';

/** The types and root fields, without a door: for printing, and for building the schema that is served. The resolvers come from a container, if there is one. */
export function bareSchema(container?: ContainerType): GraphQLSchema {
  return buildSchemaSync({
    resolvers: [
      AuditEventResolver,
      AuditCheckpointResolver,
      UserResolver,
      SessionResolver,
      SensitiveValuesResolver,
      GettingInResolver,
      TrailResolver,
      QuestionsResolver,
      DutyExceptionResolver,
      ChangeRequestResolver,
      UserChanges,
      ApiKeyChanges,
      RoleGrantChanges,
      DutyExceptionChanges,
      ApprovalPolicyResolver,
      WebhookResolver,
      DelegationResolver,
      ApprovalLimitResolver,
      ExchangeRateResolver,
      FindingResolver,
      AccountResolver,
      LobResolver,
      LegalEntityResolver,
      TaxRuleResolver,
      CreditNoteResolver,
      InvoiceCreditNotes,
      AccountAgreements,
      AgreementResolver,
      AgentResolver,
      UsageResolver,
      BillingRunResolver,
      InvoiceBillingRun,
      InvoiceLineUsage,
      InvoiceResolver,
      AccountInvoices,
      DisputeResolver,
      InvoiceDisputes,
      ComplaintResolver,
      AccountComplaints,
      LobComplaints,
      AccessReviewResolver,
      ReviewItems,
      PersonalDataResolver,
    ],
    validateFn: assertValid,
    pubSub: NOBODY_PUBLISHES,
    // Else the library asks the schema all about itself each time; graphql-js checks it before it validates the first document.
    skipCheck: true,
    ...(container && { container }),
  });
}

const notHere = (): never => {
  throw new Error('What subscribers are told comes from the database.');
};

/** The library asks for one; every subscription has a source of its own instead. */
const NOBODY_PUBLISHES = { publish: notHere, subscribe: notHere };

/** JSON, of which no class says anything. */
const isPlain = (input: object): boolean =>
  [null, Object.prototype].includes(Object.getPrototypeOf(input) as object | null);

/** Inputs of operations are validated here; arguments of reads where they are compiled, nested ones, too. */
async function assertValid(input: unknown): Promise<void> {
  if (input === null || typeof input !== 'object' || input instanceof PageArgs || isPlain(input)) return;
  const wrong = await validate(input, { forbidUnknownValues: true, skipMissingProperties: true });
  if (wrong.length > 0) throw new ArgumentValidationError(wrong);
}

/** Names of whatever takes a decimal in any input: those of no text. */
export const decimalNames = (schema: GraphQLSchema): ReadonlySet<string> =>
  new Set(
    Object.values(schema.getTypeMap())
      .filter(isInputObjectType)
      .flatMap((type) => Object.values(type.getFields()))
      .filter(({ type }) => getNamedType(type).name === DecimalScalar.name)
      .map(({ name }) => name),
  );

interface Read {
  input: object;
}

/** In place of every resolver: takes note of the input that its mutation was given, and does nothing with it. */
const NOTING: ContainerType = {
  get: (_resolver: unknown, { context }: ResolverData<{ read: Read }>) => {
    const note = (...given: object[]) => {
      context.read.input = given.find((each) => !(each instanceof Asked)) ?? {};
      return {};
    };
    // One with a `then` would be waited for.
    return new Proxy({}, { get: (_of, method) => (method === 'then' ? undefined : note) });
  },
};

/** Made when somebody first asks. */
let noting: GraphQLSchema | undefined;

/**
 * Reads the input of an operation from JSON as its mutation would: GraphQL coerces it, its class validates it, and no resolver runs. Rejects as
 * the mutation would.
 */
export function inputReader(): App['inputOf'] {
  const documents = new Map<string, DocumentNode>();
  return async (context, operation, json) => {
    const schema = (noting ??= bareSchema(NOTING));
    const name = mutationOf(context.app.catalogue.find(operation));
    const document = documents.get(name) ?? mutationDocument(schema, name);
    documents.set(name, document);
    const read: Read = { input: {} };
    const contextValue = { ...context, reads, read };
    const { errors } = await execute({ schema, document, contextValue, variableValues: { input: json } });
    const [error] = errors ?? [];
    const told = [error, error?.originalError].find(
      (each) => each instanceof ArgumentValidationError || each instanceof DomainError,
    );
    if (error) throw told ?? badInput(error.message);
    return read.input;
  };
}

function mutationDocument(schema: GraphQLSchema, name: string): DocumentNode {
  const { args } = schema.getMutationType()!.getFields()[name]!;
  const { type } = args.find((each) => each.name === 'input')!;
  return parse(`mutation ($input: ${type.toString()}) { ${name}(input: $input) { __typename } }`);
}

/** What GraphQL says of a value that does not fit quotes it; here only the field is told. */
function badInput(message: string): DomainError {
  const field = /Field "(\w+)"|at "input\.([^"]+)"/.exec(message);
  return new DomainError('BAD_USER_INPUT', 'Some of what you sent is not valid.', {
    fields: field ? [{ field: field[2] ?? field[1], rules: ['type'] }] : [],
  });
}

/** The schema that is served: the witness outside, then the door, then the resolvers. Throws when a root field has no line in the door. */
export function guardedSchema(): GraphQLSchema {
  const schema = bareSchema();
  assertEveryFieldHasALine(schema);
  const middleware = { Query: witness, Mutation: witness, Subscription: witness };
  return knockingFirst(answeringByResponseKey(applyMiddleware(schema, middleware, doorkeeper())));
}

/** The witness and the door stand before `resolve` alone: whoever subscribes is sent there first, with nothing to be told of yet. */
function knockingFirst(schema: GraphQLSchema): GraphQLSchema {
  for (const field of Object.values(schema.getSubscriptionType()?.getFields() ?? {})) {
    const { resolve, subscribe } = field;
    field.subscribe = async (root, args, context, info): Promise<unknown> => {
      await resolve!(root, args, context, info);
      return subscribe!(root, args, context, info);
    };
  }
  return schema;
}

const isRoot = (schema: GraphQLSchema, type: GraphQLObjectType) =>
  [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].includes(type);

/**
 * Below the root nothing is resolved: the read has put every value under its response key already. Done last, since shield
 * wraps the fields of every type, which costs several times what the fields themselves do.
 */
function answeringByResponseKey(schema: GraphQLSchema): GraphQLSchema {
  const below = Object.values(schema.getTypeMap()).filter((type) => isObjectType(type) && !isRoot(schema, type));
  for (const type of below as GraphQLObjectType[])
    if (!type.name.startsWith('__'))
      for (const field of Object.values(type.getFields()))
        field.resolve = isCompositeType(getNamedType(field.type)) ? unlessHidden : underItsKey;
  return schema;
}

const underItsKey: GraphQLFieldResolver<Record<string, unknown>, Context> = (source, _args, _context, info) =>
  source[info.path.key];

/** A text where objects belong names the type of which the viewer may see nothing: see platform/compile.ts. */
const unlessHidden: typeof underItsKey = (source, _args, _context, info) => {
  const value = source[info.path.key];
  if (typeof value !== 'string') return value;
  throw new DomainError('FORBIDDEN', `You may not read any ${value}.`, { action: 'read', subject: value });
};

function assertEveryFieldHasALine(schema: GraphQLSchema): void {
  const lines: Record<string, object> = door;
  for (const type of [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]) {
    if (!type) continue;
    const without = Object.keys(type.getFields()).filter((field) => !Object.hasOwn(lines[type.name] ?? {}, field));
    if (without.length > 0) throw new Error(`The door has no line for ${type.name}.${without.join(', ')}.`);
  }
}
