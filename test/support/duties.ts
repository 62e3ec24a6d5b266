import { MATRIX } from '../../src/access/duty.rules';
import type { TestApp } from './app';

/** Whoever is there may hold duties that are kept apart: for tests of what else then keeps one person from being two. */
export const withDutiesMixed = (t: TestApp): Promise<unknown> =>
  t.sql(
    `INSERT INTO duty_exception (id, user_id, duty, other_duty, matrix_version, owner_id, reason, ends_at, allowed_by_id)
     SELECT gen_random_uuid(), u.id, d.one, d.other, 1, o.id, 'for the test', '2999-01-01', o.id
     FROM app_user u CROSS JOIN unnest($1::text[], $2::text[]) d (one, other)
       CROSS JOIN LATERAL (SELECT id FROM app_user o WHERE o.id <> u.id ORDER BY id LIMIT 1) o
     WHERE NOT EXISTS (SELECT FROM duty_exception e WHERE e.user_id = u.id)`,
    [MATRIX.map(({ duties }) => duties[0]), MATRIX.map(({ duties }) => duties[1])],
  );
