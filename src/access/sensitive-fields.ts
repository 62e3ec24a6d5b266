import type { EntityMetadata } from 'typeorm';
import { snakeCase } from '../platform/database';
import type { App } from '../platform/context';
import type { SensitiveKind } from '../platform/masks';
import { SensitiveValue, treatmentOf } from './sensitive-value';

/** A sensitive value of an entity: whichever are embedded in it, and nothing else. */
export interface SensitiveField {
  readonly entity: EntityMetadata;
  /** With dots into its parts: `customer.email`. */
  readonly path: string;
  readonly kind: SensitiveKind;
  /** What its columns begin with: `customer_email`. */
  readonly columns: string;
}

/** Every one that there is. */
export const sensitiveFields = ({ database }: Pick<App, 'database'>): SensitiveField[] =>
  database.orm.entityMetadatas.flatMap((entity) =>
    entity.allEmbeddeds
      .filter(({ type }) => type === SensitiveValue)
      .map(({ propertyPath: path }) => ({
        entity,
        path,
        kind: kindOf(path),
        columns: snakeCase(path.replaceAll('.', '_')),
      })),
  );

export const sensitiveFieldsOf = (app: Pick<App, 'database'>, type: string): SensitiveField[] =>
  sensitiveFields(app).filter(({ entity }) => entity.name === type);

/** The name of a field says what it is, in rows as in inputs. */
const kindOf = (path: string): SensitiveKind => treatmentOf(path.slice(path.lastIndexOf('.') + 1)) as SensitiveKind;

/** What a field's values are looked up by: `Complaint.customer.email`. */
export const lookupName = (type: string, path: string): string => `${type}.${path}`;

/** Of every field that there is. */
export const lookupNames = (app: Pick<App, 'database'>): string[] =>
  sensitiveFields(app).map(({ entity, path }) => lookupName(entity.name, path));

/** The value of a path in a row. */
export const valueAt = (row: unknown, path: string): unknown =>
  path.split('.').reduce((value, key) => (value as Record<string, unknown> | null)?.[key], row);
