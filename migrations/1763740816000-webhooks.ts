import type { MigrationInterface, QueryRunner } from 'typeorm';
import { API_ROLE } from '../src/platform/database-roles';

/**
 * An outbox of what outsiders may be told of change requests, and webhooks that are told it. A message stays as it was written; how far it has come
 * with a webhook moves on until it has arrived, and then no more.
 */
export class Webhooks1763740816000 implements MigrationInterface {
  name = 'Webhooks1763740816000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of [...TABLES, ...GUARDS, ...POLICIES]) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('What was told is not taken down: restore a backup instead.');
  }
}

const TABLES = [
  `CREATE TABLE webhook (
    id uuid NOT NULL,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    name text NOT NULL,
    url text NOT NULL,
    events text array NOT NULL,
    active boolean NOT NULL,
    secret_sealed bytea,
    secret_drawn_at timestamptz,
    created_by_id uuid NOT NULL,
    CONSTRAINT webhook_pkey PRIMARY KEY (id),
    CONSTRAINT webhook_name_taken UNIQUE (name),
    CONSTRAINT webhook_created_by FOREIGN KEY (created_by_id) REFERENCES app_user (id)
  )`,
  `CREATE TABLE outbox_message (
    position bigint GENERATED ALWAYS AS IDENTITY,
    id uuid NOT NULL,
    kind text NOT NULL,
    subject_type text NOT NULL,
    subject_id uuid NOT NULL,
    account_id uuid,
    body jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT outbox_message_pkey PRIMARY KEY (position),
    CONSTRAINT outbox_message_id UNIQUE (id)
  )`,
  `CREATE TABLE webhook_delivery (
    id uuid NOT NULL,
    webhook_id uuid NOT NULL,
    message_id uuid NOT NULL,
    position bigint NOT NULL,
    kind text NOT NULL,
    subject_type text NOT NULL,
    subject_id uuid NOT NULL,
    state text NOT NULL,
    attempts integer NOT NULL,
    next_attempt_at timestamptz NOT NULL,
    last_status integer,
    last_error text,
    delivered_at timestamptz,
    created_at timestamptz NOT NULL,
    CONSTRAINT webhook_delivery_pkey PRIMARY KEY (id),
    CONSTRAINT webhook_delivery_of_message UNIQUE (webhook_id, message_id),
    CONSTRAINT webhook_delivery_state CHECK (state IN ('PENDING','DELIVERED','DEAD')),
    CONSTRAINT webhook_delivery_delivered CHECK ((state = 'DELIVERED') = (delivered_at IS NOT NULL)),
    CONSTRAINT webhook_delivery_to FOREIGN KEY (webhook_id) REFERENCES webhook (id),
    CONSTRAINT webhook_delivery_message FOREIGN KEY (message_id) REFERENCES outbox_message (id)
  )`,
  `CREATE INDEX webhook_delivery_waiting ON webhook_delivery (webhook_id, subject_id, position) WHERE state = 'PENDING'`,
  `CREATE INDEX webhook_delivery_created ON webhook_delivery (created_at, id)`,
];

const GUARDS = [
  `GRANT SELECT, INSERT, UPDATE (url, events, active, secret_sealed, secret_drawn_at, version) ON webhook TO ${API_ROLE}`,
  `GRANT SELECT, INSERT ON outbox_message TO ${API_ROLE}`,
  `GRANT SELECT, INSERT, UPDATE (state, attempts, next_attempt_at, last_status, last_error, delivered_at) ON webhook_delivery TO ${API_ROLE}`,
  `CREATE FUNCTION webhook_delivery_is_final() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'what has arrived has arrived' USING ERRCODE = 'check_violation'; END $$`,
  `CREATE TRIGGER webhook_delivery_is_final BEFORE UPDATE ON webhook_delivery FOR EACH ROW
    WHEN (OLD.state = 'DELIVERED') EXECUTE FUNCTION webhook_delivery_is_final()`,
];

/** Whoever is told of everything that waits is chosen by two people. */
const POLICIES = [
  ['webhook.create', true],
  ['webhook.change', true],
  ['webhook.redeliver', false],
].map(
  ([operation, active]) => `INSERT INTO approval_policy (id, operation, active, steps, expires_after_hours)
    VALUES (gen_random_uuid(), '${operation}', ${active}, '[{"stage":1,"roles":["compliance"],"people":[],"quorum":1}]', 72)`,
);
