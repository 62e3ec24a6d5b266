import type { Row } from './row';

/** What stands in place of a personal value once it is erased. */
type Instead = (row: Row) => unknown;

/** A name that was erased, where there has to be one. */
export const ERASED = '(erased)';

/** By the name of the entity's class, which is the name of its type everywhere, and by property. */
const declared = new Map<string, Map<string, Instead>>();

/**
 * Declares that a property of an entity tells of a person; of an embedded class, that everything in it does. The trail keeps what it was
 * and became under a key of that row (audit/sealed-changes.ts), and erasing empties it: it becomes `instead`, or null unless told.
 */
export const Personal =
  (instead: Instead = () => null): PropertyDecorator =>
  (target, property) => {
    const type = target.constructor.name;
    const properties = declared.get(type) ?? new Map<string, Instead>();
    declared.set(type, properties.set(String(property), instead));
  };

/** Whether what stands under a path of changes (`customer.email`) is personal in a row of that type. */
export const isPersonal = (type: string | null, path: string): boolean =>
  type !== null && (declared.get(type)?.has(path.split('.', 1)[0]!) ?? false);

/** The personal properties of a type, in the order in which they were declared. */
export const personalProperties = (type: string): string[] => [...(declared.get(type)?.keys() ?? [])];

/** What a row becomes when what is personal of it is erased: a patch. */
export function erasedParts<T extends Row>(row: T): Partial<T> {
  const properties = [...(declared.get(row.constructor.name) ?? [])];
  return Object.fromEntries(properties.map(([property, instead]) => [property, instead(row)])) as Partial<T>;
}
