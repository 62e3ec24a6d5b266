import { Field, ObjectType } from 'type-graphql';
import { Outcome } from '../platform/operation.type';
import { DateTimeScalar } from '../platform/scalars';

@ObjectType({ description: 'An authenticator app that waits to be confirmed.' })
export class EnrolTotpPayload {
  @Field(() => Outcome, { description: 'Carried out; this waits for nobody.' })
  outcome!: Outcome;

  @Field({ description: 'The secret, to type into the app: base32. It is shown in this answer alone.' })
  secret!: string;

  @Field({ description: 'The same as `otpauth://…`, to show as a QR code.' })
  otpauthUri!: string;
}

@ObjectType({ description: 'Codes for when the authenticator app is lost.' })
export class RecoveryCodesPayload {
  @Field(() => Outcome, { description: 'Carried out; this waits for nobody.' })
  outcome!: Outcome;

  @Field(() => [String], {
    description: 'Ten, each in place of one code of the app, once. They are shown in this answer alone.',
  })
  recoveryCodes!: string[];
}

@ObjectType({ description: 'A session that may do what asks for a one-time code.' })
export class StepUpPayload {
  @Field(() => Outcome, { description: 'Carried out; this waits for nobody.' })
  outcome!: Outcome;

  @Field(() => DateTimeScalar, { description: 'Until when: five minutes from now.' })
  until!: string;

  @Field(() => String, {
    nullable: true,
    description:
      'To send from now on in place of the one that asked, which is worth nothing any more; in this answer alone. Null where the session is kept in a cookie, which is exchanged, and where the token is another issuer’s, which stays.',
  })
  token!: string | null;
}

@ObjectType({ description: 'A token to choose a password with.' })
export class DrawPasswordTokenPayload {
  @Field(() => Outcome, { description: 'Carried out; this waits for nobody.' })
  outcome!: Outcome;

  @Field({ description: 'To hand on to whom it was drawn for. It is shown in this answer alone.' })
  token!: string;

  @Field(() => DateTimeScalar, { description: 'Until when it can be used, once.' })
  expiresAt!: string;
}

@ObjectType({ description: 'A password that was chosen.' })
export class ChoosePasswordPayload {
  @Field({ description: 'Always true: sign in with it.' })
  chosen!: boolean;
}
