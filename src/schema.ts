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
  return buildSchemaSync({
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
}

/** The schema that is served: the witness outside, then the door, then the resolvers. Throws when a root field has no line in the door. */
export function guardedSchema(): GraphQLSchema {
  const schema = bareSchema();
  assertEveryFieldHasALine(schema);
  return answeringByResponseKey(applyMiddleware(schema, { Query: witness, Mutation: witness }, doorkeeper()));
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
        field.resolve = (source: Record<string, unknown>, _args, _context, info) => source[info.path.key];
  return schema;
}

function assertEveryFieldHasALine(schema: GraphQLSchema): void {
  const lines: Record<string, object> = door;
  for (const type of [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()]) {
    if (!type) continue;
    const without = Object.keys(type.getFields()).filter((field) => !Object.hasOwn(lines[type.name] ?? {}, field));
    if (without.length > 0) throw new Error(`The door has no line for ${type.name}.${without.join(', ')}.`);
  }
}
