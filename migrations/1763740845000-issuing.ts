import type { MigrationInterface, QueryRunner } from 'typeorm';
import { API_ROLE } from '../src/platform/database-roles';

/**
 * Who issues, under which numbers, with which taxes. All that was before belongs to one legal entity; its series go on where they were, and
 * each number that was given stands in the ledger. Columns that rows of before get are empty, or have what nobody needs to say: so what the
 * trail knows of those rows stays true.
 */
export class Issuing1763740845000 implements MigrationInterface {
  name = 'Issuing1763740845000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [
      ...ENTITIES,
      ...COLUMNS,
      ...LEDGER,
      ...TAXES,
      ...BEFORE,
      ...GUARDS,
      ...ADDING_UP,
      ...POLICIES,
    ])
      await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('Numbers that were given are not taken back: restore a backup instead.');
  }
}

/** The one that everything of before belongs to. */
const MAIN = '0193a000-0000-7000-8000-000000000001';

const ROW = `id uuid NOT NULL,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now()`;

const ENTITIES = [
  `CREATE TABLE legal_entity (
    ${ROW},
    code text NOT NULL,
    legal_name text NOT NULL,
    tax_id text,
    street text,
    city text,
    postal_code text,
    subdivision text,
    country text,
    email text,
    iban text,
    bic text,
    time_zone text,
    fiscal_year_start_month integer NOT NULL,
    invoice_number_format text NOT NULL,
    credit_note_number_format text NOT NULL,
    CONSTRAINT legal_entity_pkey PRIMARY KEY (id),
    CONSTRAINT legal_entity_code_taken UNIQUE (code),
    CONSTRAINT legal_entity_code_plain CHECK (code !~ '[^ !#-\\[\\]-~]'),
    CONSTRAINT legal_entity_place CHECK (country ~ '^[A-Z]{2}$' AND (subdivision IS NULL OR starts_with(subdivision, country || '-'))),
    CONSTRAINT legal_entity_fiscal_year CHECK (fiscal_year_start_month BETWEEN 1 AND 12)
  )`,
  `INSERT INTO legal_entity (id, code, legal_name, fiscal_year_start_month, invoice_number_format, credit_note_number_format)
    VALUES ('${MAIN}', 'MAIN', 'Main legal entity', 1, 'INV-{FY}-{N:6}', 'CN-{FY}-{N:6}')`,
];

const COLUMNS = [
  `ALTER TABLE account
    ADD COLUMN legal_entity_id uuid NOT NULL DEFAULT '${MAIN}',
    ADD COLUMN street text,
    ADD COLUMN city text,
    ADD COLUMN postal_code text,
    ADD COLUMN subdivision text,
    ADD COLUMN country text,
    ADD COLUMN buyer_reference text,
    ADD COLUMN email_sealed bytea,
    ADD COLUMN email_masked text,
    ADD COLUMN email_digest bytea,
    ADD CONSTRAINT account_place CHECK (country ~ '^[A-Z]{2}$' AND (subdivision IS NULL OR starts_with(subdivision, country || '-'))),
    ADD CONSTRAINT account_legal_entity FOREIGN KEY (legal_entity_id) REFERENCES legal_entity (id)`,
  `CREATE INDEX account_email_digest ON account (email_digest) WHERE email_digest IS NOT NULL`,
  `ALTER TABLE invoice
    ADD COLUMN legal_entity_id uuid NOT NULL DEFAULT '${MAIN}',
    ADD COLUMN review_days integer NOT NULL DEFAULT 0,
    ADD COLUMN review_ends_on date,
    ADD COLUMN accepted_at timestamptz,
    ADD COLUMN accepted_by_id uuid,
    ADD COLUMN acceptance_note text,
    ADD CONSTRAINT invoice_review CHECK (review_days BETWEEN 0 AND 365 AND (accepted_at IS NULL) = (accepted_by_id IS NULL)),
    ADD CONSTRAINT invoice_legal_entity FOREIGN KEY (legal_entity_id) REFERENCES legal_entity (id),
    ADD CONSTRAINT invoice_accepted_by FOREIGN KEY (accepted_by_id) REFERENCES app_user (id),
    DROP CONSTRAINT invoice_number,
    ADD CONSTRAINT invoice_number UNIQUE (legal_entity_id, number),
    DROP CONSTRAINT invoice_place_in_series,
    ADD CONSTRAINT invoice_place_in_series UNIQUE (legal_entity_id, series, fiscal_year, number_in_series),
    DROP CONSTRAINT invoice_credit_exceeded,
    ADD CONSTRAINT invoice_credit_exceeded CHECK (disputed_minor >= 0 AND credited_minor >= 0 AND disputed_minor + credited_minor <= greatest(total_minor, 0))`,
  `CREATE INDEX invoice_by_number ON invoice (number)`,
  `ALTER TABLE invoice_line
    ADD COLUMN tax_inclusive boolean NOT NULL DEFAULT false,
    ADD COLUMN taxes jsonb,
    DROP CONSTRAINT dispute_amount_exceeded,
    ADD CONSTRAINT dispute_amount_exceeded CHECK (disputed_minor >= 0 AND credited_minor >= 0 AND disputed_minor + credited_minor <= greatest(total_minor, 0))`,
  `CREATE TABLE invoice_objection (
    ${ROW},
    invoice_id uuid NOT NULL,
    objected_by_id uuid NOT NULL,
    objected_at timestamptz NOT NULL,
    reason text NOT NULL,
    CONSTRAINT invoice_objection_pkey PRIMARY KEY (id),
    CONSTRAINT invoice_objection_to FOREIGN KEY (invoice_id) REFERENCES invoice (id),
    CONSTRAINT invoice_objection_by FOREIGN KEY (objected_by_id) REFERENCES app_user (id)
  )`,
  `CREATE INDEX invoice_objection_of_invoice ON invoice_objection (invoice_id, objected_at)`,
];

const taxTable = (table: string, owner: string) => `CREATE TABLE ${table} (
    id uuid NOT NULL,
    ${owner}_id uuid NOT NULL,
    place integer NOT NULL,
    name text NOT NULL,
    category text NOT NULL,
    percent numeric(7,4) NOT NULL,
    currency text NOT NULL,
    taxable_minor bigint NOT NULL,
    tax_minor bigint NOT NULL,
    exemption_reason text,
    CONSTRAINT ${table}_pkey PRIMARY KEY (id),
    CONSTRAINT ${table}_place UNIQUE (${owner}_id, place),
    CONSTRAINT ${table}_currency_plain CHECK (currency !~ '[^ !#-\\[\\]-~]'),
    CONSTRAINT ${table}_category CHECK (category IN ('S','Z','E','AE','K','G','O','L','M') AND percent BETWEEN 0 AND 100),
    CONSTRAINT ${table}_of_${owner} FOREIGN KEY (${owner}_id) REFERENCES ${owner} (id)
  )`;

const LEDGER = [
  `CREATE TABLE credit_note (
    ${ROW},
    invoice_id uuid NOT NULL,
    account_id uuid NOT NULL,
    legal_entity_id uuid NOT NULL,
    reason_code text NOT NULL,
    note text,
    currency text NOT NULL,
    subtotal_minor bigint NOT NULL,
    tax_minor bigint NOT NULL,
    total_minor bigint NOT NULL,
    number text NOT NULL,
    fiscal_year integer NOT NULL,
    number_in_series integer NOT NULL,
    issued_at timestamptz NOT NULL,
    issued_by_id uuid NOT NULL,
    CONSTRAINT credit_note_pkey PRIMARY KEY (id),
    CONSTRAINT credit_note_number UNIQUE (legal_entity_id, number),
    CONSTRAINT credit_note_place_in_series UNIQUE (legal_entity_id, fiscal_year, number_in_series),
    CONSTRAINT credit_note_currency_plain CHECK (currency !~ '[^ !#-\\[\\]-~]'),
    CONSTRAINT credit_note_total CHECK (total_minor = subtotal_minor + tax_minor AND total_minor > 0),
    CONSTRAINT credit_note_reason CHECK (reason_code IN ('BILLED_TWICE','WRONG_RATE','WRONG_QUANTITY','SERVICE_FAILURE','GOODWILL','DISPUTE_CONCEDED','OTHER')),
    CONSTRAINT credit_note_of_invoice FOREIGN KEY (invoice_id) REFERENCES invoice (id),
    CONSTRAINT credit_note_account FOREIGN KEY (account_id) REFERENCES account (id),
    CONSTRAINT credit_note_legal_entity FOREIGN KEY (legal_entity_id) REFERENCES legal_entity (id),
    CONSTRAINT credit_note_issued_by FOREIGN KEY (issued_by_id) REFERENCES app_user (id)
  )`,
  `CREATE INDEX credit_note_of_an_invoice ON credit_note (invoice_id, created_at, id)`,
  `CREATE INDEX credit_note_of_an_account ON credit_note (account_id, created_at, id)`,
  `CREATE INDEX credit_note_created ON credit_note (created_at, id)`,
  `CREATE TABLE credit_note_line (
    ${ROW},
    credit_note_id uuid NOT NULL,
    line_number integer NOT NULL,
    line_id uuid NOT NULL,
    currency text NOT NULL,
    amount_minor bigint NOT NULL,
    tax_minor bigint NOT NULL,
    total_minor bigint NOT NULL,
    taxes jsonb NOT NULL,
    CONSTRAINT credit_note_line_pkey PRIMARY KEY (id),
    CONSTRAINT credit_note_line_number UNIQUE (credit_note_id, line_number),
    CONSTRAINT credit_note_line_repeated UNIQUE (credit_note_id, line_id),
    CONSTRAINT credit_note_line_currency_plain CHECK (currency !~ '[^ !#-\\[\\]-~]'),
    CONSTRAINT credit_note_line_total CHECK (total_minor = amount_minor + tax_minor AND total_minor > 0),
    CONSTRAINT credit_note_line_of_note FOREIGN KEY (credit_note_id) REFERENCES credit_note (id),
    CONSTRAINT credit_note_line_of_line FOREIGN KEY (line_id) REFERENCES invoice_line (id)
  )`,
  `CREATE INDEX credit_note_line_of_a_line ON credit_note_line (line_id)`,
  taxTable('credit_note_tax', 'credit_note'),
  `CREATE TABLE number_series (
    legal_entity_id uuid NOT NULL,
    document_type text NOT NULL,
    fiscal_year integer NOT NULL,
    last_number integer NOT NULL,
    CONSTRAINT number_series_pkey PRIMARY KEY (legal_entity_id, document_type, fiscal_year),
    CONSTRAINT number_series_type CHECK (document_type IN ('INVOICE','CREDIT_NOTE')),
    CONSTRAINT number_series_exceeded CHECK (last_number BETWEEN 1 AND 9999999),
    CONSTRAINT number_series_of_entity FOREIGN KEY (legal_entity_id) REFERENCES legal_entity (id)
  )`,
  `CREATE TABLE document_number (
    id uuid NOT NULL,
    legal_entity_id uuid NOT NULL,
    document_type text NOT NULL,
    fiscal_year integer NOT NULL,
    first_in_series integer NOT NULL,
    last_in_series integer NOT NULL,
    number text NOT NULL,
    last_number text NOT NULL,
    state text NOT NULL,
    reason text,
    given_at timestamptz NOT NULL,
    ended_at timestamptz,
    invoice_id uuid,
    credit_note_id uuid,
    CONSTRAINT document_number_pkey PRIMARY KEY (id),
    CONSTRAINT document_number_taken UNIQUE (legal_entity_id, number),
    CONSTRAINT document_number_first UNIQUE (legal_entity_id, document_type, fiscal_year, first_in_series),
    CONSTRAINT document_number_last UNIQUE (legal_entity_id, document_type, fiscal_year, last_in_series),
    CONSTRAINT document_number_one_invoice UNIQUE (invoice_id),
    CONSTRAINT document_number_one_credit_note UNIQUE (credit_note_id),
    CONSTRAINT document_number_type CHECK (document_type IN ('INVOICE','CREDIT_NOTE') AND (invoice_id IS NULL OR document_type = 'INVOICE') AND (credit_note_id IS NULL OR document_type = 'CREDIT_NOTE')),
    CONSTRAINT document_number_explained CHECK (state IN ('USED','VOIDED','BURNED') AND (state = 'BURNED') = (num_nonnulls(invoice_id, credit_note_id) = 0) AND (state = 'USED') = (ended_at IS NULL) AND (state = 'USED' OR reason IS NOT NULL)),
    CONSTRAINT document_number_range CHECK (first_in_series <= last_in_series AND (state = 'BURNED' OR first_in_series = last_in_series)),
    CONSTRAINT document_number_length CHECK (length(number) <= 40 AND length(last_number) <= 40),
    CONSTRAINT document_number_of_entity FOREIGN KEY (legal_entity_id) REFERENCES legal_entity (id),
    CONSTRAINT document_number_of_invoice FOREIGN KEY (invoice_id) REFERENCES invoice (id),
    CONSTRAINT document_number_of_credit_note FOREIGN KEY (credit_note_id) REFERENCES credit_note (id)
  )`,
  `CREATE INDEX document_number_given ON document_number (given_at, id)`,
];

const TAXES = [
  `CREATE TABLE tax_rule (
    ${ROW},
    legal_entity_id uuid NOT NULL,
    account_id uuid,
    country text,
    subdivision text,
    valid_from date NOT NULL,
    valid_until date,
    components jsonb NOT NULL,
    CONSTRAINT tax_rule_pkey PRIMARY KEY (id),
    CONSTRAINT tax_rule_place CHECK ((account_id IS NULL) = (country IS NOT NULL) AND country ~ '^[A-Z]{2}$' AND (subdivision IS NULL OR starts_with(subdivision, country || '-'))),
    CONSTRAINT tax_rule_dates CHECK (valid_until IS NULL OR valid_until >= valid_from),
    CONSTRAINT tax_rule_overlaps EXCLUDE USING gist (legal_entity_id WITH =, (coalesce(account_id::text, subdivision, country)) WITH =, daterange(valid_from, valid_until) WITH &&),
    CONSTRAINT tax_rule_of_entity FOREIGN KEY (legal_entity_id) REFERENCES legal_entity (id),
    CONSTRAINT tax_rule_for_account FOREIGN KEY (account_id) REFERENCES account (id)
  )`,
  `CREATE INDEX tax_rule_created ON tax_rule (created_at, id)`,
  taxTable('invoice_tax', 'invoice'),
];

/** What was numbered and taxed before. */
const BEFORE = [
  `INSERT INTO number_series (legal_entity_id, document_type, fiscal_year, last_number)
    SELECT '${MAIN}', 'INVOICE', fiscal_year, last_number FROM invoice_series WHERE series = 'INV'`,
  `INSERT INTO document_number (id, legal_entity_id, document_type, fiscal_year, first_in_series, last_in_series, number, last_number, state, reason,
      given_at, ended_at, invoice_id)
    SELECT gen_random_uuid(), legal_entity_id, 'INVOICE', fiscal_year, number_in_series, number_in_series, number, number,
      CASE status WHEN 'VOIDED' THEN 'VOIDED' ELSE 'USED' END, CASE status WHEN 'VOIDED' THEN coalesce(void_reason, 'voided') END,
      issued_at, CASE status WHEN 'VOIDED' THEN coalesce(voided_at, issued_at) END, id
    FROM invoice WHERE number IS NOT NULL`,
  `INSERT INTO invoice_tax (id, invoice_id, place, name, category, percent, currency, taxable_minor, tax_minor)
    SELECT gen_random_uuid(), invoice_id, row_number() OVER (PARTITION BY invoice_id ORDER BY tax_rate), 'Tax', CASE WHEN tax_rate > 0 THEN 'S' ELSE 'Z' END,
      tax_rate, currency, sum(amount_minor), sum(tax_minor)
    FROM invoice_line GROUP BY invoice_id, tax_rate, currency`,
  'DROP TABLE invoice_series',
  'DROP FUNCTION invoice_series_has_no_gap()',
];

const refusing = (name: string, message: string) =>
  `CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION '${message}' USING ERRCODE = 'check_violation'; END $$`;

const ACCOUNT = ['legal_entity_id', 'street', 'city', 'postal_code', 'subdivision', 'country', 'buyer_reference'];
const ENTITY =
  'legal_name tax_id street city postal_code subdivision country email iban bic time_zone fiscal_year_start_month invoice_number_format credit_note_number_format version'.split(
    ' ',
  );

const GUARDS = [
  `GRANT UPDATE (${[...ACCOUNT, 'email_sealed', 'email_masked', 'email_digest'].join(', ')}) ON account TO ${API_ROLE}`,
  `GRANT UPDATE (review_ends_on, accepted_at, accepted_by_id, acceptance_note) ON invoice TO ${API_ROLE}`,
  `GRANT SELECT, INSERT, UPDATE (${ENTITY.join(', ')}) ON legal_entity TO ${API_ROLE}`,
  `GRANT SELECT, INSERT, UPDATE (last_number) ON number_series TO ${API_ROLE}`,
  `GRANT SELECT, INSERT ON document_number, invoice_objection, invoice_tax, credit_note, credit_note_line, credit_note_tax TO ${API_ROLE}`,
  `GRANT SELECT, INSERT, UPDATE (valid_until, version) ON tax_rule TO ${API_ROLE}`,
  // An issued invoice does not become a draft again; a draft is shown, and comes back.
  `CREATE TRIGGER invoice_stays_issued BEFORE UPDATE ON invoice FOR EACH ROW
    WHEN (OLD.number IS NOT NULL AND NEW.status IN ('DRAFT', 'CLIENT_REVIEW')) EXECUTE FUNCTION invoice_keeps_its_course()`,
  // An invoice's taxes are those that it was drafted with, as its lines are.
  `CREATE TRIGGER invoice_is_still_draft BEFORE INSERT ON invoice_tax FOR EACH ROW EXECUTE FUNCTION invoice_is_still_draft()`,
  refusing('tax_rule_only_ends', 'a tax rule ends once, and never later than it did'),
  `CREATE TRIGGER tax_rule_only_ends BEFORE UPDATE ON tax_rule FOR EACH ROW
    WHEN (OLD.valid_until IS NOT NULL AND (NEW.valid_until IS NULL OR NEW.valid_until > OLD.valid_until)) EXECUTE FUNCTION tax_rule_only_ends()`,

  // Each number of a series follows the one before, and the series stands at the last of them.
  refusing('document_number_is_final', 'a number that was given stays given'),
  `CREATE FUNCTION document_number_follows() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.first_in_series <> 1 + coalesce((SELECT max(d.last_in_series) FROM document_number d WHERE d.legal_entity_id = NEW.legal_entity_id
          AND d.document_type = NEW.document_type AND d.fiscal_year = NEW.fiscal_year), 0)
      OR NEW.last_in_series IS DISTINCT FROM (SELECT s.last_number FROM number_series s WHERE s.legal_entity_id = NEW.legal_entity_id
          AND s.document_type = NEW.document_type AND s.fiscal_year = NEW.fiscal_year) THEN
      RAISE EXCEPTION 'a series has no gaps' USING ERRCODE = 'check_violation'; END IF;
    IF NEW.state = 'VOIDED' THEN RAISE EXCEPTION 'a number is used before it is voided' USING ERRCODE = 'check_violation'; END IF;
    IF length(NEW.last_number) > 16 AND EXISTS (SELECT FROM legal_entity e WHERE e.id = NEW.legal_entity_id AND e.country = 'IN') THEN
      RAISE EXCEPTION 'a number of India has at most 16 characters' USING ERRCODE = 'check_violation'; END IF;
    RETURN NEW; END $$`,
  `CREATE TRIGGER document_number_follows BEFORE INSERT ON document_number FOR EACH ROW EXECUTE FUNCTION document_number_follows()`,
  `CREATE TRIGGER document_number_is_final BEFORE UPDATE ON document_number FOR EACH ROW
    WHEN (NOT (OLD.state = 'USED' AND NEW.state = 'VOIDED') OR (to_jsonb(NEW) - '{state,reason,ended_at}'::text[]) <> (to_jsonb(OLD) - '{state,reason,ended_at}'::text[]))
    EXECUTE FUNCTION document_number_is_final()`,
  `CREATE TRIGGER document_number_stays BEFORE DELETE ON document_number FOR EACH ROW EXECUTE FUNCTION document_number_is_final()`,
  `CREATE TRIGGER document_number_stays_too BEFORE TRUNCATE ON document_number FOR EACH STATEMENT EXECUTE FUNCTION document_number_is_final()`,
  ...['document_number_is_final', 'document_number_stays', 'document_number_stays_too'].map(
    (trigger) => `ALTER TABLE document_number ENABLE ALWAYS TRIGGER ${trigger}`,
  ),
  `CREATE FUNCTION number_series_has_no_gap() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF (SELECT s.last_number FROM number_series s WHERE s.legal_entity_id = NEW.legal_entity_id AND s.document_type = NEW.document_type AND s.fiscal_year = NEW.fiscal_year)
      IS DISTINCT FROM (SELECT max(d.last_in_series) FROM document_number d WHERE d.legal_entity_id = NEW.legal_entity_id
        AND d.document_type = NEW.document_type AND d.fiscal_year = NEW.fiscal_year) THEN
      RAISE EXCEPTION 'a series has no gaps' USING ERRCODE = 'check_violation'; END IF;
    RETURN NULL; END $$`,
  `CREATE CONSTRAINT TRIGGER number_series_has_no_gap AFTER INSERT OR UPDATE ON number_series DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION number_series_has_no_gap()`,
  `CREATE TRIGGER number_series_only_rises BEFORE UPDATE ON number_series FOR EACH ROW
    WHEN (NEW.last_number <= OLD.last_number) EXECUTE FUNCTION document_number_is_final()`,

  // Who voids an invoice burns its number, and says why. As the owner: nobody else changes the ledger.
  `CREATE FUNCTION invoice_burns_number() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ BEGIN
    UPDATE public.document_number SET state = 'VOIDED', reason = coalesce(NEW.void_reason, 'voided'), ended_at = coalesce(NEW.voided_at, now())
      WHERE invoice_id = NEW.id AND state = 'USED';
    RETURN NULL; END $$`,
  `CREATE TRIGGER invoice_burns_number AFTER UPDATE ON invoice FOR EACH ROW
    WHEN (NEW.status = 'VOIDED' AND OLD.status <> 'VOIDED' AND NEW.number IS NOT NULL) EXECUTE FUNCTION invoice_burns_number()`,

  // The ledger and the documents say the same.
  `CREATE FUNCTION document_number_has_document() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NEW.state <> 'BURNED' AND NOT EXISTS (SELECT FROM invoice i WHERE i.id = NEW.invoice_id AND i.legal_entity_id = NEW.legal_entity_id AND i.number = NEW.number
          AND i.fiscal_year = NEW.fiscal_year AND i.number_in_series = NEW.first_in_series)
      AND NOT EXISTS (SELECT FROM credit_note c WHERE c.id = NEW.credit_note_id AND c.legal_entity_id = NEW.legal_entity_id AND c.number = NEW.number
          AND c.fiscal_year = NEW.fiscal_year AND c.number_in_series = NEW.first_in_series) THEN
      RAISE EXCEPTION 'a number belongs to its document' USING ERRCODE = 'check_violation'; END IF;
    RETURN NULL; END $$`,
  `CREATE CONSTRAINT TRIGGER document_number_has_document AFTER INSERT ON document_number DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION document_number_has_document()`,
  `CREATE FUNCTION document_is_in_ledger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NOT EXISTS (SELECT FROM document_number d WHERE d.number = NEW.number AND d.legal_entity_id = NEW.legal_entity_id
        AND NEW.id = CASE TG_TABLE_NAME WHEN 'invoice' THEN d.invoice_id ELSE d.credit_note_id END) THEN
      RAISE EXCEPTION 'a number is taken from the ledger' USING ERRCODE = 'check_violation'; END IF;
    RETURN NULL; END $$`,
  `CREATE CONSTRAINT TRIGGER invoice_is_in_ledger AFTER INSERT OR UPDATE OF number ON invoice DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.number IS NOT NULL) EXECUTE FUNCTION document_is_in_ledger()`,
  `CREATE CONSTRAINT TRIGGER credit_note_is_in_ledger AFTER INSERT ON credit_note DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION document_is_in_ledger()`,
];

/** What sums there are, looked at when a document is issued, at the end of its transaction. */
const ADDING_UP = [
  `CREATE FUNCTION invoice_adds_up() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF (NEW.subtotal_minor, NEW.tax_minor) IS DISTINCT FROM
        (SELECT (coalesce(sum(l.amount_minor), 0)::bigint, coalesce(sum(l.tax_minor), 0)::bigint) FROM invoice_line l WHERE l.invoice_id = NEW.id)
      OR NEW.tax_minor <> (SELECT coalesce(sum(x.tax_minor), 0) FROM invoice_tax x WHERE x.invoice_id = NEW.id) THEN
      RAISE EXCEPTION 'an invoice is the sum of its lines' USING ERRCODE = 'check_violation'; END IF;
    RETURN NULL; END $$`,
  `CREATE CONSTRAINT TRIGGER invoice_adds_up AFTER UPDATE OF number ON invoice DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (OLD.number IS NULL AND NEW.number IS NOT NULL) EXECUTE FUNCTION invoice_adds_up()`,
  `CREATE FUNCTION credit_note_adds_up() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF (NEW.subtotal_minor, NEW.tax_minor) IS DISTINCT FROM
        (SELECT (coalesce(sum(l.amount_minor), 0)::bigint, coalesce(sum(l.tax_minor), 0)::bigint) FROM credit_note_line l WHERE l.credit_note_id = NEW.id)
      OR NEW.tax_minor <> (SELECT coalesce(sum(x.tax_minor), 0) FROM credit_note_tax x WHERE x.credit_note_id = NEW.id) THEN
      RAISE EXCEPTION 'a credit note is the sum of its lines' USING ERRCODE = 'check_violation'; END IF;
    RETURN NULL; END $$`,
  `CREATE CONSTRAINT TRIGGER credit_note_adds_up AFTER INSERT ON credit_note DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION credit_note_adds_up()`,
  // What credit notes give back of a line is what the line says of it; more was conceded before there were any.
  `CREATE FUNCTION credit_note_line_is_credited() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NOT EXISTS (SELECT FROM credit_note c WHERE c.id = NEW.credit_note_id AND c.created_at = now())
      OR (SELECT sum(n.total_minor) FROM credit_note_line n WHERE n.line_id = NEW.line_id)
        > (SELECT l.credited_minor FROM invoice_line l JOIN credit_note c ON c.invoice_id = l.invoice_id AND c.id = NEW.credit_note_id WHERE l.id = NEW.line_id) THEN
      RAISE EXCEPTION 'a credit note gives back what its invoice says' USING ERRCODE = 'check_violation'; END IF;
    RETURN NULL; END $$`,
  `CREATE CONSTRAINT TRIGGER credit_note_line_is_credited AFTER INSERT ON credit_note_line DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION credit_note_line_is_credited()`,
];

const STEPS = `'[{"stage":1,"roles":["supervisor"],"people":[],"quorum":1}]'`;
const ALWAYS = [
  'legalEntity.open',
  'legalEntity.change',
  'documentNumber.burn',
  'taxRule.set',
  'taxRule.end',
  'creditNote.issue',
];
const POLICIES = [...ALWAYS, 'invoice.review', 'invoice.accept', 'invoice.object'].map(
  (operation) => `INSERT INTO approval_policy (id, operation, active, steps, expires_after_hours)
    VALUES (gen_random_uuid(), '${operation}', ${ALWAYS.includes(operation)}, ${STEPS}, 168)`,
);
