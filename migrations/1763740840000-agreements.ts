import type { MigrationInterface, QueryRunner } from 'typeorm';
import { API_ROLE } from '../src/platform/database-roles';

/**
 * Agreements, their versions and rates. A version never changes; until when it holds moves to an earlier day, and no two of an agreement hold on
 * the same. What each is about is kept beside it for the one constraint that no two agreements are about the same on the same day.
 */
export class Agreements1763740840000 implements MigrationInterface {
  name = 'Agreements1763740840000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...TABLES, ...GUARDS, ...POLICIES]) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('What was agreed is not taken down: restore a backup instead.');
  }
}

const ROW = `id uuid NOT NULL,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now()`;

const TABLES = [
  `CREATE TABLE agreement (
    ${ROW},
    account_id uuid NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    currency text NOT NULL,
    ends_on date,
    latest_version integer NOT NULL DEFAULT 1,
    CONSTRAINT agreement_pkey PRIMARY KEY (id),
    CONSTRAINT agreement_code_taken UNIQUE (account_id, code),
    CONSTRAINT agreement_code_plain CHECK (code !~ '[^ !#-\\[\\]-~]'),
    CONSTRAINT agreement_currency_plain CHECK (currency !~ '[^ !#-\\[\\]-~]'),
    CONSTRAINT agreement_account FOREIGN KEY (account_id) REFERENCES account (id)
  )`,
  `CREATE INDEX agreement_of_account ON agreement (account_id, id)`,
  `CREATE TABLE agreement_version (
    ${ROW},
    agreement_id uuid NOT NULL,
    account_id uuid NOT NULL,
    version_number integer NOT NULL,
    effective_from date NOT NULL,
    effective_until date,
    lob_ids uuid array,
    cycle text NOT NULL,
    anchor_on date NOT NULL,
    payment_days integer NOT NULL,
    dispute_days integer NOT NULL,
    review_days integer NOT NULL,
    tax_rate numeric(7,4) NOT NULL,
    tax_inclusive boolean NOT NULL,
    rounding text NOT NULL,
    calendar_code text,
    CONSTRAINT agreement_version_pkey PRIMARY KEY (id),
    CONSTRAINT agreement_version_number UNIQUE (agreement_id, version_number),
    CONSTRAINT agreement_version_overlaps EXCLUDE USING gist (agreement_id WITH =, daterange(effective_from, effective_until) WITH &&),
    CONSTRAINT agreement_version_dates CHECK (effective_until IS NULL OR effective_until >= effective_from),
    CONSTRAINT agreement_version_cycle CHECK (cycle IN ('MONTHLY','QUARTERLY','SEMIANNUAL','ANNUAL')),
    CONSTRAINT agreement_version_rounding CHECK (rounding IN ('HALF_EVEN','HALF_UP','DOWN','UP')),
    CONSTRAINT agreement_version_days CHECK (payment_days BETWEEN 0 AND 365 AND dispute_days BETWEEN 0 AND 365
      AND review_days BETWEEN 0 AND 365 AND tax_rate BETWEEN 0 AND 100),
    CONSTRAINT agreement_version_of_agreement FOREIGN KEY (agreement_id) REFERENCES agreement (id)
  )`,
  `CREATE TABLE agreement_rate (
    ${ROW},
    agreement_version_id uuid NOT NULL,
    line_number integer NOT NULL,
    name text NOT NULL,
    lob_id uuid,
    service text,
    measure text NOT NULL,
    charge jsonb NOT NULL,
    initial_seconds integer,
    increment_seconds integer,
    windows jsonb,
    CONSTRAINT agreement_rate_pkey PRIMARY KEY (id),
    CONSTRAINT agreement_rate_number UNIQUE (agreement_version_id, line_number),
    CONSTRAINT agreement_rate_measure CHECK (measure IN ('HANDLED_CALLS','TALK_TIME','WAIT_TIME','AGENT_HOURS','SEATS','RESOLVED_CONTACTS','FIXED_FEE')),
    CONSTRAINT agreement_rate_increments CHECK ((initial_seconds IS NULL) = (increment_seconds IS NULL) AND increment_seconds > 0 AND initial_seconds >= 0),
    CONSTRAINT agreement_rate_of_version FOREIGN KEY (agreement_version_id) REFERENCES agreement_version (id),
    CONSTRAINT agreement_rate_for_lob FOREIGN KEY (lob_id) REFERENCES lob (id)
  )`,
  // A line of business, or the account for all the rest of them.
  `CREATE TABLE agreement_cover (
    agreement_version_id uuid NOT NULL REFERENCES agreement_version (id),
    covers uuid NOT NULL,
    validity daterange NOT NULL,
    PRIMARY KEY (agreement_version_id, covers),
    CONSTRAINT agreement_overlaps EXCLUDE USING gist (covers WITH =, validity WITH &&)
  )`,
];

const GUARDS = [
  `GRANT SELECT, INSERT, UPDATE (ends_on, latest_version, version) ON agreement TO ${API_ROLE}`,
  `GRANT SELECT, INSERT, UPDATE (effective_until, version) ON agreement_version TO ${API_ROLE}`,
  `GRANT SELECT, INSERT ON agreement_rate TO ${API_ROLE}`,
  `GRANT SELECT ON agreement_cover TO ${API_ROLE}`,
  `CREATE TRIGGER agreement_is_set_once BEFORE UPDATE ON agreement FOR EACH ROW EXECUTE FUNCTION is_set_once(ends_on)`,
  `CREATE FUNCTION agreement_version_only_shortens() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'a version holds no longer than it did' USING ERRCODE = 'check_violation'; END $$`,
  `CREATE TRIGGER agreement_version_only_shortens BEFORE UPDATE ON agreement_version FOR EACH ROW
    WHEN (OLD.effective_until IS NOT NULL AND (NEW.effective_until IS NULL OR NEW.effective_until > OLD.effective_until))
    EXECUTE FUNCTION agreement_version_only_shortens()`,
  // As the owner: nobody else writes what a version is about.
  `CREATE FUNCTION agreement_version_covers() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$ BEGIN
    IF TG_OP = 'INSERT' THEN
      INSERT INTO public.agreement_cover SELECT NEW.id, c, daterange(NEW.effective_from, NEW.effective_until)
        FROM unnest(coalesce(NEW.lob_ids, ARRAY[NEW.account_id])) c;
    ELSE
      UPDATE public.agreement_cover SET validity = daterange(NEW.effective_from, NEW.effective_until) WHERE agreement_version_id = NEW.id;
    END IF;
    RETURN NULL; END $$`,
  `CREATE TRIGGER agreement_version_covers AFTER INSERT OR UPDATE ON agreement_version FOR EACH ROW EXECUTE FUNCTION agreement_version_covers()`,
  // The rates of a version are those that it was made with, in one transaction.
  `CREATE FUNCTION agreement_rate_comes_with_version() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF NOT EXISTS (SELECT FROM agreement_version v WHERE v.id = NEW.agreement_version_id AND v.created_at = now()) THEN
      RAISE EXCEPTION 'a version keeps its rates' USING ERRCODE = 'check_violation'; END IF;
    RETURN NEW; END $$`,
  `CREATE TRIGGER agreement_rate_comes_with_version BEFORE INSERT ON agreement_rate FOR EACH ROW EXECUTE FUNCTION agreement_rate_comes_with_version()`,
];

/** What binds the firm is countersigned, whatever the policies say; these say by whom. */
const POLICIES = ['agreement.sign', 'agreement.amend', 'agreement.end'].map(
  (operation) => `INSERT INTO approval_policy (id, operation, active, steps, expires_after_hours)
    VALUES (gen_random_uuid(), '${operation}', true, '[{"stage":1,"roles":["supervisor"],"people":[],"quorum":1}]', 168)`,
);
