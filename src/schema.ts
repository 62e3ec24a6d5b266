import 'reflect-metadata';
import { type GraphQLObjectType, type GraphQLSchema, isObjectType } from 'graphql';
import { applyMiddleware } from 'graphql-middleware';
import { buildSchemaSync } from 'type-graphql';
import { door, doorkeeper, witness } from './access/door';
import { roleGrantRead, userRead } from './access/user.read';
import { AuditEventActors, UserResolver } from './access/user.resolver';
import { accountRead } from './accounts/account.read';
import { AccountResolver } from './accounts/account.resolver';
import { agentRead, assignmentRead } from './accounts/agent.read';
import { AgentResolver } from './accounts/agent.resolver';
import { lobRead } from './accounts/lob.read';
import { LobResolver } from './accounts/lob.resolver';
import { approvalPolicyRead } from './approvals/approval-policy.read';
import { ApprovalPolicyResolver } from './approvals/approval-policy.resolver';
import { changeRequestRead, decisionRead } from './approvals/change-request.read';
import { ChangeRequestResolver } from './approvals/change-request.resolver';
import { auditEventRead } from './audit/event.read';
import { AuditEventResolver } from './audit/event.resolver';
import { invoiceLineRead, invoiceRead } from './billing/invoice.read';
import { AccountInvoices, InvoiceResolver } from './billing/invoice.resolver';
import { disputeItemRead, disputeRead } from './disputes/dispute.read';
import { DisputeResolver, InvoiceDisputes } from './disputes/dispute.resolver';
import { complaintRead, complaintRuleRead } from './complaints/complaint.read';
import { AccountComplaints, ComplaintResolver, LobComplaints } from './complaints/complaint.resolver';
import type { Reads } from './platform/asked';

/** Every read there is, by the type that it answers. */
export const reads: Reads = new Map(
  [
    auditEventRead,
    userRead,
    roleGrantRead,
    changeRequestRead,
    decisionRead,
    approvalPolicyRead,
    accountRead,
    lobRead,
    agentRead,
    assignmentRead,
    invoiceRead,
    invoiceLineRead,
    disputeRead,
    disputeItemRead,
    complaintRead,
    complaintRuleRead,
  ].map((read) => [read.type, read]),
);

/** The types and root fields, without a door: for printing, and for building the schema that is served. */
export function bareSchema(): GraphQLSchema {
  const schema = buildSchemaSync({
    resolvers: [
      AuditEventResolver,
      UserResolver,
      AuditEventActors,
      ChangeRequestResolver,
      ApprovalPolicyResolver,
      AccountResolver,
      LobResolver,
      AgentResolver,
      InvoiceResolver,
      AccountInvoices,
      DisputeResolver,
      InvoiceDisputes,
      ComplaintResolver,
      AccountComplaints,
      LobComplaints,
    ],
    validate: { forbidUnknownValues: true },
  });
  for (const type of Object.values(schema.getTypeMap()))
    if (isObjectType(type) && !isRoot(schema, type)) answerByResponseKey(type);
  return schema;
}

/** The schema that is served: the witness outside, then the door, then the resolvers. Throws when a root field has no line in the door. */
export function guardedSchema(): GraphQLSchema {
  const schema = bareSchema();
  assertEveryFieldHasALine(schema);
  return applyMiddleware(schema, { Query: witness, Mutation: witness }, doorkeeper());
}

const isRoot = (schema: GraphQLSchema, type: GraphQLObjectType) =>
  [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].includes(type);

/** Below the root nothing is resolved: the read has put every value under its response key already. */
function answerByResponseKey(type: GraphQLObjectType): void {
  if (type.name.startsWith('__')) return;
  for (const field of Object.values(type.getFields()))
    field.resolve = (source: Record<string, unknown>, _args, _context, info) => source[info.path.key];
}

function assertEveryFieldHasALine(schema: GraphQLSchema): void {
  const lines: Record<string, object> = door;
  for (const type of [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]) {
    if (!type) continue;
    const without = Object.keys(type.getFields()).filter((field) => !(field in (lines[type.name] ?? {})));
    if (without.length > 0) throw new Error(`The door has no line for ${type.name}.${without.join(', ')}.`);
  }
}
