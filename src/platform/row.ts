import { Check, CreateDateColumn, PrimaryColumn, VersionColumn } from 'typeorm';

/**
 * What every row of the business has: an id made by the application, a version that each change raises by one, and the
 * instant of its making. The class name of an entity is the name of its type everywhere: in GraphQL, in CASL, in the
 * trail.
 */
export abstract class Row {
  @PrimaryColumn('uuid')
  id!: string;

  @VersionColumn({ default: 1 })
  version!: number;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;
}

/** Whether something is the class of such rows. */
export const isRowClass = (target: unknown): boolean =>
  typeof target === 'function' && (target as { prototype: unknown }).prototype instanceof Row;

/** The rows within an operation's state, however they are arranged in it. */
export function rowsIn(state: unknown): Row[] {
  if (state instanceof Row) return [state];
  if (Array.isArray(state)) return state.flatMap(rowsIn);
  if (state !== null && typeof state === 'object' && Object.getPrototypeOf(state) === Object.prototype)
    return Object.values(state).flatMap(rowsIn);
  return [];
}

/**
 * Columns of a table that hold codes: printable ASCII without what JSON escapes (`"` and `\\`). What is read as `tokens` has such
 * a constraint.
 */
export const Plain =
  (table: string, ...columns: string[]): ClassDecorator =>
  (target) =>
    columns.forEach((each) => Check(`${table}_${each}_plain`, `${each} !~ '[^ !#-\\[\\]-~]'`)(target));
