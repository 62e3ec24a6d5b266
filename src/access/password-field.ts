import { registerDecorator } from 'class-validator';
import { lengthOf, PASSWORD_LENGTH } from './password.rules';

/** A password: no longer than one may be, and where it is a new one, no shorter. */
export const Password = ({ fresh = false } = {}): PropertyDecorator => {
  const least = fresh ? PASSWORD_LENGTH.least : 0;
  return (target, property) =>
    registerDecorator({
      name: 'isLength',
      target: target.constructor,
      propertyName: String(property),
      options: { message: `$property must have ${least} to ${PASSWORD_LENGTH.most} characters` },
      validator: {
        validate: (value: unknown) =>
          typeof value === 'string' && lengthOf(value) >= least && lengthOf(value) <= PASSWORD_LENGTH.most,
      },
    });
};
