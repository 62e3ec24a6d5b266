import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { lexicographicSortSchema, printSchema } from 'graphql';
import { bareSchema } from './schema';

/** Writes schema/schema.graphql (`npm run schema`). The check makes it again, and a difference fails. */
export const printedSchema = (): string => `${printSchema(lexicographicSortSchema(bareSchema()))}\n`;

if (require.main === module) writeFileSync(path.resolve('schema/schema.graphql'), printedSchema());
