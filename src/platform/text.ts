import { IsNotEmpty, IsString, Matches, MaxLength, registerDecorator } from 'class-validator';
import { applyDecorators } from './decorators';
import { refuse } from './errors';

// oxlint-disable-next-line no-control-regex -- finding them is the point
const CONTROL = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F]/;

/** What PostgreSQL and RFC 8785 cannot keep: NUL, other control characters, halves of surrogate pairs. */
export const isText = (text: string): boolean => !CONTROL.test(text) && text.isWellFormed();

/**
 * Refuses with TEXT_INVALID when any string within a value cannot be kept. Checked at the door for every argument, so
 * that no text field has to think of it.
 */
export function assertText(value: unknown): void {
  if (typeof value === 'string' && !isText(value))
    refuse('TEXT_INVALID', 'Text must be well-formed Unicode without control characters.');
  if (value !== null && typeof value === 'object')
    Object.entries(value).forEach(([key, each]) => (assertText(key), assertText(each)));
}

/** A text that says something: 1 to `max` UTF-16 units, not only blanks. */
export const Text = (max: number): PropertyDecorator =>
  applyDecorators(IsString(), IsNotEmpty(), MaxLength(max), NotBlank());

function NotBlank(): PropertyDecorator {
  return (target, property) =>
    registerDecorator({
      name: 'notBlank',
      target: target.constructor,
      propertyName: String(property),
      options: { message: '$property must not be blank' },
      validator: { validate: (value: unknown) => typeof value !== 'string' || value.trim() !== '' },
    });
}

/** A short code for people, 1 to 40 characters: letters, digits, and `-`, `_` or `.` behind the first. */
export const Code = (): PropertyDecorator => Matches(/^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/);

/**
 * A JSON value with each text in it replaced. `name` is that of the property it stands under, also within an array; ''
 * at the top. Properties that are undefined are left out, as JSON leaves them out.
 */
export function mapTexts(value: unknown, replace: (text: string, name: string) => string, name = ''): unknown {
  if (typeof value === 'string') return replace(value, name);
  if (Array.isArray(value)) return value.map((each) => mapTexts(each, replace, name));
  if (value === null || typeof value !== 'object') return value;
  const kept = Object.entries(value).filter(([, each]) => each !== undefined);
  return Object.fromEntries(kept.map(([key, each]) => [key, mapTexts(each, replace, key)]));
}
