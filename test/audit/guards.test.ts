import { startTestApp, type TestApp } from '../support/app';
import { givenAccount } from '../support/scene';
import { altered, asOwner, countEverything, leafOf, storedEvents } from './support';

let t: TestApp;
beforeAll(async () => {
  t = await startTestApp();
  await givenAccount(t);
});
afterAll(() => t.close());

const failure = async (work: Promise<unknown>): Promise<{ code?: string; message?: string }> => {
  try {
    await work;
  } catch (error) {
    return error as { code?: string; message?: string };
  }
  return {};
};

const DENIED = '42501';
const VALUES = `(gen_random_uuid(), now(), 'a.b', 'DONE', 'r', '\\x00')`;
const INSERT = `INSERT INTO audit.event (id, at, action, outcome, request_id, hash)`;

describe('the trail, as the API’s own role', () => {
  it.each([
    ['change an event', `UPDATE audit.event SET action = 'x.y'`],
    ['change a column that is null', `UPDATE audit.event SET actor_id = id`],
    ['change what an event says', `UPDATE audit.content SET bytes = ''`],
    ['drop a month', 'DROP TABLE audit.content_other'],
    [
      'write into a month by its name',
      `INSERT INTO audit.content_other VALUES (gen_random_uuid(), '2001-01-01', '', '', 'k')`,
    ],
    ['empty a month', 'TRUNCATE audit.content_other'],
    ['make months', 'SELECT audit.ensure_months(1)'],
    ['change nothing', `UPDATE audit.event SET action = action WHERE false`],
    ['delete an event', 'DELETE FROM audit.event'],
    ['delete nothing', 'DELETE FROM audit.event WHERE false'],
    ['empty it', 'TRUNCATE audit.event'],
    ['say which transaction wrote it', `${INSERT.replace('(id', '(xid, id')} VALUES ${VALUES.replace('(', `('1', `)}`],
    ['give it a place in the tree', `INSERT INTO audit.leaf SELECT 0, id, hash FROM audit.event LIMIT 1`],
    ['add a node', `INSERT INTO audit.node VALUES (4, 0, sha256(''))`],
    ['add a head', `INSERT INTO audit.checkpoint VALUES (gen_random_uuid(), 1, sha256(''), 'x', now())`],
    ['move the head', 'UPDATE audit.head SET size = 5'],
    ['look how far the sealer has come', 'SELECT * FROM audit.head'],
    ['insert or replace', `${INSERT} VALUES ${VALUES} ON CONFLICT (id) DO UPDATE SET action = 'x.y'`],
    ['merge', `MERGE INTO audit.event e USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE`],
    ['lock it against others', 'DO $x$ BEGIN LOCK TABLE audit.event IN ACCESS EXCLUSIVE MODE; END $x$'],
    ['lock rows of it', 'SELECT FROM audit.event FOR UPDATE'],
    ['alter it', 'ALTER TABLE audit.event ADD COLUMN more int'],
    ['rename it', 'ALTER TABLE audit.event RENAME TO gone'],
    ['disable a trigger', 'ALTER TABLE audit.event DISABLE TRIGGER event_is_final'],
    ['disable all triggers', 'ALTER TABLE audit.event DISABLE TRIGGER ALL'],
    ['drop a trigger', 'DROP TRIGGER event_is_final ON audit.event'],
    ['drop it', 'DROP TABLE audit.event'],
    ['drop the schema', 'DROP SCHEMA audit CASCADE'],
    ['make a rule', 'CREATE RULE mine AS ON INSERT TO audit.event DO INSTEAD NOTHING'],
    [
      'make a trigger',
      'CREATE TRIGGER mine BEFORE INSERT ON audit.event FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()',
    ],
    ['make a policy for rows', 'CREATE POLICY mine ON audit.event USING (true)'],
    ['make a table beside it', 'CREATE TABLE audit.mine (id int)'],
    ['make a function beside it', `CREATE FUNCTION audit.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'`],
    [
      'replace the function that refuses',
      `CREATE OR REPLACE FUNCTION audit.event_is_final() RETURNS trigger LANGUAGE plpgsql AS $x$ BEGIN RETURN NULL; END $x$`,
    ],
    ['own it', 'ALTER TABLE audit.event OWNER TO CURRENT_USER'],
    ['become its owner', 'SET ROLE countersign_audit'],
    ['skip the triggers', `SET session_replication_role = 'replica'`],
    ['inherit from it', 'CREATE TABLE public.mine () INHERITS (audit.event)'],
    ['comment on it', `COMMENT ON TABLE audit.event IS 'x'`],
  ])('cannot %s', async (_what, statement) => {
    const before = await storedEvents(t);
    const error = await failure(t.apiSql(statement));
    expect({ code: error.code, message: error.message }).toEqual({ code: DENIED, message: expect.any(String) });
    expect(await storedEvents(t)).toEqual(before);
  });

  it('GRANT to itself gives it nothing even where PostgreSQL only warns', async () => {
    await failure(t.apiSql('GRANT UPDATE, DELETE ON audit.event TO PUBLIC'));
    const [has] = await t.apiSql(
      `SELECT has_table_privilege('audit.event', 'UPDATE') AS update, has_table_privilege('audit.event', 'DELETE') AS delete`,
    );
    expect(has).toEqual({ update: false, delete: false });
  });

  it('can insert the named columns and select, and that is all', async () => {
    const columns = await t.sql<{ name: string; insert: boolean; select: boolean; update: boolean }>(
      `SELECT attname::text AS name, has_column_privilege('countersign_api', attrelid, attnum, 'INSERT') AS insert,
         has_column_privilege('countersign_api', attrelid, attnum, 'SELECT') AS select, has_column_privilege('countersign_api', attrelid, attnum, 'UPDATE') AS update
       FROM pg_attribute WHERE attrelid = 'audit.event'::regclass AND attnum > 0 AND NOT attisdropped`,
    );
    expect(columns.filter(({ insert }) => !insert).map(({ name }) => name)).toEqual(['xid', 'written_at']);
    expect(columns.every(({ select }) => select)).toBe(true);
    expect(columns.some(({ update }) => update)).toBe(false);
  });

  it('an event that the API’s role made up by hand is found out: its MAC is none of ours', async () => {
    const [forged] = await t.apiSql<{ id: string }>(
      `WITH e AS (${INSERT} VALUES ${VALUES} RETURNING id)
       INSERT INTO audit.content (event_id, bytes, mac, key_id) SELECT id, '\\x00', '\\x00', 'k' FROM e RETURNING event_id AS id`,
    );
    expect(altered(await storedEvents(t))).toContain(forged!.id);
  });
});

describe('the trail, as the owner of the database', () => {
  it.each([
    ['UPDATE', `UPDATE audit.event SET action = 'x.y'`],
    ['DELETE', 'DELETE FROM audit.event'],
    ['TRUNCATE', 'TRUNCATE audit.event'],
    ['UPDATE of what it says', `UPDATE audit.content SET bytes = ''`],
    ['DELETE of what it says', 'DELETE FROM audit.content'],
    ['TRUNCATE of what it says', 'TRUNCATE audit.content'],
    ['MERGE', 'MERGE INTO audit.event e USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE'],
    [
      'INSERT … ON CONFLICT DO UPDATE',
      `INSERT INTO audit.event SELECT * FROM audit.event LIMIT 1 ON CONFLICT (id) DO UPDATE SET action = 'x.y'`,
    ],
  ])('%s is refused, also as a replica', async (_what, statement) => {
    const before = await storedEvents(t);
    await asOwner(t, async (owner) => {
      for (const role of ['origin', 'replica', 'local']) {
        await owner.query(`SET session_replication_role = '${role}'`);
        const error = await failure(owner.query(statement));
        expect([role, error.code, error.message]).toEqual([role, DENIED, 'an audit event is final']);
      }
    });
    expect(await storedEvents(t)).toEqual(before);
  });

  it('the triggers are ENABLE ALWAYS, and the schema belongs to a role that nobody can log in as or is a member of', async () => {
    const triggers = await t.sql(
      `SELECT tgname::text AS name, tgenabled::text AS enabled FROM pg_trigger WHERE tgrelid = 'audit.event'::regclass AND NOT tgisinternal ORDER BY 1`,
    );
    expect(triggers).toEqual([
      { name: 'event_is_final', enabled: 'A' },
      { name: 'event_is_final_too', enabled: 'A' },
    ]);
    const [owner] = await t.sql(
      `SELECT r.rolname::text AS name, r.rolcanlogin AS login, (SELECT count(*)::int FROM pg_auth_members WHERE roleid = r.oid AND NOT (
           SELECT rolsuper FROM pg_roles WHERE oid = member)) AS members,
         (SELECT nspowner = r.oid FROM pg_namespace WHERE nspname = 'audit') AS schema
       FROM pg_roles r WHERE r.oid = (SELECT relowner FROM pg_class WHERE oid = 'audit.event'::regclass)`,
    );
    expect(owner).toEqual({ name: 'countersign_audit', login: false, members: 0, schema: true });
  });

  it('a superuser who takes the triggers away and alters an event is found out, whatever else is made to fit', async () => {
    const before = altered(await storedEvents(t));
    const event = (await storedEvents(t)).find(({ id }) => !before.includes(id));
    const content = Buffer.from(event!.content.toString('utf8').replace(/"outcome":"\w+"/, '"outcome":"FAILED"'));
    const set = (bytes: Buffer) =>
      asOwner(t, async (owner) => {
        for (const table of ['event', 'content']) await owner.query(`ALTER TABLE audit.${table} DISABLE TRIGGER ALL`);
        await owner.query('UPDATE audit.content SET bytes = $2 WHERE event_id = $1', [event!.id, bytes]);
        const hash = Buffer.from(leafOf(bytes), 'hex');
        await owner.query('UPDATE audit.event SET hash = $2 WHERE id = $1', [event!.id, hash]);
        for (const table of ['event', 'content'])
          for (const trigger of ['', '_too'])
            await owner.query(`ALTER TABLE audit.${table} ENABLE ALWAYS TRIGGER ${table}_is_final${trigger}`);
      });
    await set(content);
    expect(altered(await storedEvents(t))).toContain(event!.id);
    await set(event!.content);
    expect(altered(await storedEvents(t))).toEqual(before);
  });

  it('nothing was lost by any of it', async () => {
    expect((await countEverything(t))['audit.event']).toBeGreaterThan(20);
  });
});
