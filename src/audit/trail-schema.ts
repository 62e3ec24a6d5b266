import type { Findings } from './findings';
import type { Query } from './stored-nodes';
import { EXPECTED_SCHEMA } from './trail-schema-expected';

/*
 * What keeps the trail from being changed are a few dozen facts of the database: who owns it, what guards it, who may do what. Here they are read
 * as lines, to be compared with those that the migrations make.
 */

/** Months have a table each, all of one kind: what is so of all of them is one line. (Some of them auditors may read directly, others not.) */
const MONTH = `'content_[0-9]{4}_[0-9]{2}'`;

const ROLES = `('countersign_audit', 'countersign_api', 'countersign_sealer', 'countersign_auditor')`;

const grantee = (oid: string): string => `CASE WHEN ${oid} = 0 THEN 'everybody' ELSE pg_get_userbyid(${oid}) END`;

/** One column of lines each. Relations of other schemas show only where they take part. */
const LINES = [
  `SELECT format('schema owned by %s', pg_get_userbyid(nspowner)) FROM pg_namespace WHERE nspname = 'audit'`,
  `SELECT format('schema: %s may %s', ${grantee('a.grantee')}, a.privilege_type) FROM pg_namespace n, aclexplode(n.nspacl) a
    WHERE n.nspname = 'audit' AND a.grantee <> n.nspowner`,
  `SELECT format('%s of kind %s owned by %s%s%s%s%s', c.relname, c.relkind, pg_get_userbyid(c.relowner), CASE c.relpersistence WHEN 'p' THEN '' ELSE ' not durable' END,
      CASE WHEN c.relrowsecurity OR c.relforcerowsecurity THEN ' with row security' ELSE '' END,
      CASE WHEN c.reloptions IS NULL THEN '' ELSE ' with ' || c.reloptions::text END,
      (SELECT ' part of ' || string_agg(i.inhparent::regclass::text, ',') FROM pg_inherits i WHERE i.inhrelid = c.oid))
    FROM trail c WHERE c.relkind NOT IN ('i', 'I')`,
  `SELECT format('%s inherits from %s', i.inhrelid::regclass, i.inhparent::regclass) FROM pg_inherits i
    WHERE (i.inhparent IN (SELECT oid FROM trail)) <> (i.inhrelid IN (SELECT oid FROM trail))`,
  `SELECT format('%s.%s %s%s%s', c.relname, a.attname, format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN ' not null' ELSE '' END,
      (SELECT CASE a.attgenerated WHEN '' THEN ' default ' ELSE ' generated ' END || pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d WHERE d.adrelid = c.oid AND d.adnum = a.attnum))
    FROM trail c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped WHERE c.relkind NOT IN ('i', 'I')`,
  `SELECT format('%s constraint %s %s', c.relname, o.conname, pg_get_constraintdef(o.oid)) FROM trail c JOIN pg_constraint o ON o.conrelid = c.oid AND o.contype NOT IN ('n', 't')`,
  `SELECT format('%s%s', pg_get_indexdef(x.indexrelid), CASE WHEN x.indisvalid AND x.indisready THEN '' ELSE ' not in use' END) FROM trail c JOIN pg_index x ON x.indrelid = c.oid
    WHERE x.indisunique`,
  `SELECT format('%s trigger %s: %s', c.relname, CASE t.tgenabled WHEN 'A' THEN 'always' WHEN 'D' THEN 'disabled' ELSE 'sometimes' END, pg_get_triggerdef(t.oid))
    FROM trail c JOIN pg_trigger t ON t.tgrelid = c.oid WHERE NOT t.tgisinternal`,
  `SELECT format('function %s owned by %s in %s%s%s: %s', f.oid::regprocedure, pg_get_userbyid(f.proowner), l.lanname, CASE WHEN f.prosecdef THEN ' as its owner' ELSE '' END,
      CASE WHEN f.proconfig IS NULL THEN '' ELSE ' with ' || f.proconfig::text END, encode(sha256(convert_to(f.prosrc, 'UTF8')), 'hex'))
    FROM pg_proc f JOIN pg_language l ON l.oid = f.prolang WHERE f.pronamespace = 'audit'::regnamespace
      OR f.oid IN (SELECT t.tgfoid FROM trail c JOIN pg_trigger t ON t.tgrelid = c.oid WHERE NOT t.tgisinternal)`,
  `SELECT format('function %s: %s may %s', f.oid::regprocedure, ${grantee('a.grantee')}, a.privilege_type) FROM pg_proc f, aclexplode(coalesce(f.proacl, acldefault('f', f.proowner))) a
    WHERE f.pronamespace = 'audit'::regnamespace AND a.grantee <> f.proowner`,
  // A long one by its hash: nobody could read it.
  `SELECT format('%s rule: %s', relname, CASE WHEN length(rule) <= 500 THEN rule ELSE encode(sha256(convert_to(rule, 'UTF8')), 'hex') END) FROM (
    SELECT c.relname, regexp_replace(CASE c.relkind WHEN 'v' THEN pg_get_viewdef(c.oid) ELSE pg_get_ruledef(r.oid) END, '\\s+', ' ', 'g') AS rule
      FROM trail c JOIN pg_rewrite r ON r.ev_class = c.oid) rules`,
  `SELECT format('%s policy %s', c.relname, p.polname) FROM trail c JOIN pg_policy p ON p.polrelid = c.oid`,
  `SELECT format('%s: %s may %s%s', c.relname, ${grantee('a.grantee')}, string_agg(a.privilege_type, ', ' ORDER BY a.privilege_type), CASE WHEN bool_or(a.is_grantable) THEN ' and grant it' ELSE '' END)
    FROM trail c, aclexplode(c.relacl) a WHERE a.grantee <> c.relowner AND NOT (c.relname ~ ${MONTH} AND pg_get_userbyid(a.grantee) = 'countersign_auditor') GROUP BY c.oid, c.relname, a.grantee`,
  `SELECT format('%s: %s may %s (%s)%s', c.relname, ${grantee('x.grantee')}, x.privilege_type, string_agg(a.attname, ', ' ORDER BY a.attname), CASE WHEN bool_or(x.is_grantable) THEN ' and grant it' ELSE '' END)
    FROM trail c JOIN pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped, aclexplode(a.attacl) x WHERE x.grantee <> c.relowner GROUP BY c.oid, c.relname, x.grantee, x.privilege_type`,
  `SELECT format('by default %s gets %s of %s', ${grantee('a.grantee')}, a.privilege_type, d.defaclobjtype) FROM pg_default_acl d, aclexplode(d.defaclacl) a
    WHERE d.defaclnamespace = 'audit'::regnamespace OR d.defaclrole = 'countersign_audit'::regrole`,
  `SELECT format('role %s%s%s%s%s', rolname, CASE WHEN rolcanlogin THEN ' may log in' ELSE '' END, CASE WHEN rolsuper THEN ' is a superuser' ELSE '' END,
      CASE WHEN rolcreaterole THEN ' may make roles' ELSE '' END, CASE WHEN rolbypassrls OR rolreplication THEN ' may more' ELSE '' END) FROM pg_roles WHERE rolname IN ${ROLES}`,
  // A member that may neither act as the role nor has its rights is one that made it and may give it away (PostgreSQL 16).
  `SELECT format('%s belongs to countersign_audit', member) FROM belongs WHERE role = 'countersign_audit'`,
  `SELECT format('%s belongs to %s', member, string_agg(role, ' and ' ORDER BY role)) FROM belongs GROUP BY member
    HAVING count(*) > 1 OR bool_or(member IN ${ROLES})`,
  `SELECT DISTINCT format('%s belongs to %s and is more', member, role) FROM belongs JOIN pg_roles r ON r.rolname = member WHERE r.rolsuper OR r.rolcreaterole OR r.rolbypassrls OR r.rolreplication`,
];

const SCHEMA = `WITH RECURSIVE trail AS (SELECT * FROM pg_class WHERE relnamespace = 'audit'::regnamespace),
  effective AS (SELECT m.roleid, m.member FROM pg_auth_members m
    WHERE coalesce((to_jsonb(m) ->> 'inherit_option')::boolean, true) OR coalesce((to_jsonb(m) ->> 'set_option')::boolean, true)),
  closure AS (SELECT roleid, member FROM effective UNION SELECT c.roleid, e.member FROM closure c JOIN effective e ON e.roleid = c.member),
  belongs AS (SELECT pg_get_userbyid(member)::text AS member, pg_get_userbyid(roleid)::text AS role FROM closure WHERE pg_get_userbyid(roleid) IN ${ROLES}),
  lines AS (SELECT substring(line, ${MONTH}) AS month, regexp_replace(line, ${MONTH}, 'content_YYYY_MM', 'g') AS line
    FROM (${LINES.join('\nUNION ALL\n')}) AS each (line)),
  months AS (SELECT count(*) AS all FROM trail WHERE relname ~ ('^' || ${MONTH} || '$') AND relkind = 'r')
SELECT line || CASE WHEN count(month) = 0 OR count(DISTINCT month) = (SELECT months.all FROM months) THEN ''
  ELSE ' (only of ' || string_agg(DISTINCT month, ', ') || ')' END AS line FROM lines GROUP BY line`;

/** The facts as lines, in the order of their bytes. */
export async function readSchema(query: Query): Promise<string[]> {
  const rows = await query<{ line: string }>(SCHEMA, []);
  return rows.map(({ line }) => line).toSorted();
}

/** Whatever is other than the migrations made it. */
export async function checkSchema(query: Query, findings: Findings): Promise<void> {
  const found = new Set(await readSchema(query));
  for (const line of EXPECTED_SCHEMA)
    if (!found.has(line)) findings.add('SCHEMA_ALTERED', null, `The database no longer has this: ${line}`);
  const expected = new Set(EXPECTED_SCHEMA);
  for (const line of found)
    if (!expected.has(line)) findings.add('SCHEMA_ALTERED', null, `The database has what no migration made: ${line}`);
}
