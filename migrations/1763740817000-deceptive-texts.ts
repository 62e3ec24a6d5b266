import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What an approver reads may be written to deceive: to run backwards, to hide, to look like something else. Said where it is read, so that it is true
 * of whatever stands there now, also of what is erased later.
 */
export class DeceptiveTexts1763740817000 implements MigrationInterface {
  name = 'DeceptiveTexts1763740817000';

  async up(runner: QueryRunner): Promise<void> {
    for (const statement of FUNCTIONS) await runner.query(statement);
  }

  async down(): Promise<void> {
    throw new Error('These functions are not taken down: restore a backup instead.');
  }
}

/** Of Unicode's bidirectional controls (UAX 9). */
const DIRECTION = String.raw`\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069`;

/** What leaves no mark: Default_Ignorable_Code_Point (UAX 44) but for the variation selectors that emoji have, and blanks that are letters. */
const INVISIBLE = String.raw`\u0080-\u009f\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2065\u206a-\u206f\u2800\u3164\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff`;

const LATIN = String.raw`A-Za-z\u00c0-\u024f\u1e00-\u1eff`;

/** Scripts with letters that look like those of Latin: Greek, Cyrillic, Armenian, Cherokee, Lisu. */
const ALIKE = String.raw`\u0370-\u03ff\u0400-\u052f\u0530-\u058f\u13a0-\u13ff\ua4d0-\ua4ff`;

/** Latin letters in other clothes: fullwidth, mathematical, letterlike. */
const STYLED = String.raw`\uff01-\uff5e\U0001d400-\U0001d7ff\u2100-\u214f`;

/** Letters of Cyrillic and Greek that are drawn like these of Latin (confusables of UTS 39, the whole letters of both scripts). */
const TWINS = {
  alike: 'аеорсухіјѕһԁԛԝӏАВЕЗКМНОРСТУХІЈЅԌԚԜοανρυιχκΑΒΕΖΗΙΚΜΝΟΡΤΥΧ',
  latin: 'aeopcyxijshdqwlABE3KMHOPCTYXIJSGQWoavpuixkABEZHIKMNOPTYX',
};

const FUNCTIONS = [
  // As it looks: without what leaves no mark, with letters of other scripts as those that they look like.
  `CREATE FUNCTION look_of(given text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT translate(normalize(regexp_replace(given, '[${DIRECTION}${INVISIBLE}]', '', 'g'), NFKC), '${TWINS.alike}', '${TWINS.latin}') $$`,
  `CREATE FUNCTION mark_of(letter text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT '⟨U+' || lpad(hex, greatest(4, length(hex)), '0') || '⟩' FROM upper(to_hex(ascii(letter))) hex $$`,
  // A text with marks in place of what deceives, or behind it; no kinds where nothing does.
  `CREATE FUNCTION made_visible(given text, OUT visible text, OUT kinds text[]) LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
    DECLARE word text; letter text; strange boolean; BEGIN
    kinds := '{}'; visible := given;
    IF given IS NULL OR given !~ '[^\\x20-\\x7e]' THEN RETURN; END IF;
    IF given ~ '[${DIRECTION}]' THEN kinds := array_append(kinds, 'DIRECTION_MARK'); END IF;
    IF given ~ '[${INVISIBLE}]' THEN kinds := array_append(kinds, 'INVISIBLE'); END IF;
    visible := '';
    FOR word IN SELECT m[1] FROM regexp_matches(given, '(\\s+|\\S+)', 'g') m LOOP
      strange := word ~ '[${STYLED}]' OR word ~ '[${ALIKE}]' AND (word ~ '[${LATIN}]'
        OR given ~ '[${LATIN}]' AND look_of(word) !~ '[${ALIKE}]');
      IF NOT strange AND word !~ '[${DIRECTION}${INVISIBLE}]' THEN visible := visible || word; CONTINUE; END IF;
      IF strange AND NOT 'LOOK_ALIKE' = ANY (kinds) THEN kinds := array_append(kinds, 'LOOK_ALIKE'); END IF;
      FOREACH letter IN ARRAY string_to_array(word, NULL) LOOP
        visible := visible || CASE
          WHEN letter ~ '[${DIRECTION}${INVISIBLE}]' THEN mark_of(letter)
          WHEN letter ~ '[${STYLED}${ALIKE}]' THEN letter || mark_of(letter)
          ELSE letter END;
      END LOOP;
    END LOOP; END $$`,
  // Of all that a change request shows: which of its texts deceive, and how.
  `CREATE FUNCTION deceptive_texts(changes jsonb, reason text) RETURNS jsonb LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    WITH said AS (
      SELECT n, c ->> 'path' AS path, s.side, c -> s.side AS value,
        CASE WHEN s.side = 'after' AND jsonb_typeof(c -> 'before') = 'string' AND jsonb_typeof(c -> 'after') = 'string'
          AND c -> 'before' <> c -> 'after' AND look_of(c ->> 'before') = look_of(c ->> 'after') THEN '{LOOKS_UNCHANGED}'::text[] ELSE '{}' END AS more
      FROM jsonb_array_elements(changes) WITH ORDINALITY AS e (c, n), (VALUES ('before'), ('after')) s (side)
      UNION ALL SELECT 0, 'reason', 'after', to_jsonb(reason), '{}'
    ), texts AS (
      SELECT n, path, side, more, t #>> '{}' AS text FROM said, jsonb_path_query(value, 'strict $.**') t WHERE jsonb_typeof(t) = 'string'
    )
    SELECT coalesce(jsonb_agg(jsonb_build_object('path', path, 'side', side, 'visible', v.visible, 'kinds', to_jsonb(v.kinds || more)) ORDER BY n, side DESC), '[]')
    FROM texts, made_visible(text) v WHERE cardinality(v.kinds || more) > 0 $$`,
];
