import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { openTrail } from '../../src/audit/trail-reader';
import type { Query } from '../../src/audit/stored-nodes';
import { readSchema } from '../../src/audit/trail-schema';
import { EXPECTED_SCHEMA } from '../../src/audit/trail-schema-expected';
import { startTestApp, type TestApp } from '../support/app';
import { auditorUrlOf } from './seal-support';
import { asOwner } from './support';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
});
afterAll(() => t.close());

const FILE = path.resolve(__dirname, '../../src/audit/trail-schema-expected.ts');

const written = (lines: readonly string[]) => `/**
 * What the database has where nobody has touched it but the migrations. A migration that changes the trail changes these lines, too:
 * \`WRITE_TRAIL_SCHEMA=1 npx jest test/audit/trail-schema\` writes them, and whoever reviews them sees what has changed.
 */
export const EXPECTED_SCHEMA: readonly string[] = String.raw\`
${lines.join('\n')}
\`
  .trim()
  .split('\\n');
`;

describe('what keeps the trail', () => {
  it('is written down as the migrations make it', async () => {
    const trail = await openTrail(await auditorUrlOf(t));
    const lines = await readSchema(trail.query);
    await trail.close();
    if (process.env.WRITE_TRAIL_SCHEMA) writeFileSync(FILE, written(lines));
    else expect(lines).toEqual(EXPECTED_SCHEMA);
  });

  it.each([
    [
      'a login that belongs to two roles',
      'CREATE ROLE quiet IN ROLE countersign_api, countersign_sealer',
      'quiet belongs to countersign_api and countersign_sealer',
    ],
    ['a member of the owner', 'CREATE ROLE quiet IN ROLE countersign_audit', 'quiet belongs to countersign_audit'],
    ['a login of the owner', 'ALTER ROLE countersign_audit LOGIN', 'role countersign_audit may log in'],
    [
      'an auditor who is a superuser',
      'CREATE ROLE quiet SUPERUSER IN ROLE countersign_auditor',
      'quiet belongs to countersign_auditor and is more',
    ],
    [
      'a table that inherits',
      'CREATE TABLE public.quiet () INHERITS (audit.event)',
      'public.quiet inherits from audit.event',
    ],
    ['a trigger that is gone in one month', 'DROP_MONTH', '(only of '],
  ])('shows %s', async (_what, statement, line) => {
    await asOwner(t, async (client) => {
      const query: Query = async (text, values) => (await client.query(text, values)).rows as never;
      const [month] = await query<{ name: string }>(
        `SELECT relname AS name FROM pg_class WHERE relname ~ '^content_[0-9]{4}_[0-9]{2}$' LIMIT 1`,
        [],
      );
      // Roles are those of all databases of the server: nobody else is to see them.
      await client.query('BEGIN');
      await client.query('SET LOCAL search_path = pg_catalog');
      await client.query(statement.replace('DROP_MONTH', `DROP TRIGGER content_is_final_too ON audit.${month!.name}`));
      const lines = await readSchema(query);
      await client.query('ROLLBACK');
      const others = lines.filter((each) => !EXPECTED_SCHEMA.includes(each));
      expect(others.join('\n')).toContain(line);
    });
  });
});
