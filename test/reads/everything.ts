import {
  getNamedType,
  type GraphQLField,
  type GraphQLObjectType,
  type GraphQLSchema,
  isListType,
  isNonNullType,
  isObjectType,
} from 'graphql';

type Field = GraphQLField<unknown, unknown>;

const objectOf = ({ type }: Field): GraphQLObjectType | null => {
  const named = getNamedType(type);
  return isObjectType(named) ? named : null;
};
const isPaged = ({ args }: Field) => args.some(({ name }) => name === 'after');

/** What is worked out from many rows instead of being read from one: no compiled read, and no naive one. */
export const WORKED_OUT = [
  'Query.approvalCounts',
  'Query.approvalPolicyFor',
  'Query.auditAccess',
  'Query.accessReviewEvidence',
  'Query.accessReviewSample',
  'Query.accessMetrics',
  'Query.billingPreview',
  'Query.whoCould',
  'Query.valueReveals',
  'Query.dormantUsers',
  'Query.dutyMatrix',
  'Query.dutyConflicts',
  'Query.auditInclusionProof',
  'Query.auditConsistencyProof',
  'AuditEvent.summary',
];

/** Every type of ours that a query reads. */
export function typesOf(schema: GraphQLSchema): GraphQLObjectType[] {
  const met = new Set<GraphQLObjectType>();
  const walk = (type: GraphQLObjectType | null) => {
    if (!type || met.has(type)) return;
    met.add(type);
    for (const field of Object.values(type.getFields()))
      if (!WORKED_OUT.includes(`${type.name}.${field.name}`)) walk(objectOf(field));
  };
  walk(schema.getQueryType()!);
  return [...met];
}

/** All fields of a type, and of what lies within it as deep as that: a page, its edges and its nodes are one step. */
function fieldsOf(type: GraphQLObjectType, depth: number): string {
  const selected = Object.values(type.getFields()).flatMap((field) => {
    if (WORKED_OUT.includes(`${type.name}.${field.name}`)) return [];
    const below = objectOf(field);
    if (!below) return [field.name];
    const deeper = /(Connection|Edge)$/.test(type.name) ? depth : depth - 1;
    return deeper < 0 ? [] : [`${field.name}${isPaged(field) ? '(first: 4)' : ''} { ${fieldsOf(below, deeper)} }`];
  });
  return `__typename ${selected.join(' ')}`;
}

/** For each list at the root, and the viewer, a document that asks for all there is of its rows and of what is near. */
export const everythingOf = (schema: GraphQLSchema, depth: number, size: number): [name: string, document: string][] =>
  Object.values(schema.getQueryType()!.getFields())
    .filter((field) => !WORKED_OUT.includes(`Query.${field.name}`))
    .filter((field) => isPaged(field) || field.args.length === 0)
    .map((field) => [
      field.name,
      `{ ${field.name}${isPaged(field) ? `(first: ${size})` : ''} { ${fieldsOf(objectOf(field)!, depth)} } }`,
    ]);

/** Whether a field may be null by its type. A list may be empty instead. */
export const mayBeNull = ({ type }: Field): boolean => !isNonNullType(type) && !isListType(type);
