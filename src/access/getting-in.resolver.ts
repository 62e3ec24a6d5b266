import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import { Ask, Asked } from '../platform/asked';
import type { Context } from '../platform/context';
import { payloadType } from '../platform/payload.type';
import { ChoosePasswordInput, choosePassword } from './choose-password';
import { ConfirmTotpInput } from './confirm-totp';
import { DrawPasswordTokenInput } from './draw-password-token';
import { DrawRecoveryCodesInput } from './draw-recovery-codes';
import { EnrolTotpInput } from './enrol-totp';
import {
  ChoosePasswordPayload,
  DrawPasswordTokenPayload,
  EnrolTotpPayload,
  RecoveryCodesPayload,
  StepUpPayload,
} from './getting-in.type';
import { InviteUserInput } from './invite-user';
import { ReactivateUserInput } from './reactivate-user';
import { RemoveSecondFactorInput } from './remove-second-factor';
import { ResetPasswordInput } from './reset-password';
import { StepUpInput, stepUpInSession } from './step-up';
import { triedOwn } from './tried';
import { User } from './user.type';

const InviteUserPayload = payloadType('InviteUserPayload', { user: () => User });
const ReactivateUserPayload = payloadType('ReactivateUserPayload', { user: () => User });
const ResetPasswordPayload = payloadType('ResetPasswordPayload', { user: () => User });
const RemoveSecondFactorPayload = payloadType('RemoveSecondFactorPayload', { user: () => User });

@Resolver()
export class GettingInResolver {
  @Mutation(() => EnrolTotpPayload, {
    description:
      'Draws a secret for an authenticator app of one’s own, to confirm with `confirmTotp`. A repeat draws another. Asks for a sign-in within the last five minutes, or where there is an app already, for a code of it (STEP_UP_REQUIRED).',
  })
  enrolTotp(@Arg('input', { description: 'Nothing but a key.' }) input: EnrolTotpInput, @Ask() asked: Asked) {
    return asked.submit('totp.enrol', input);
  }

  @Mutation(() => RecoveryCodesPayload, {
    description: 'Has the app that was just enrolled asked for from now on, and ends one’s other sessions.',
  })
  confirmTotp(
    @Arg('input', { description: 'A code of it.' }) input: ConfirmTotpInput,
    @Ctx() context: Context,
    @Ask() asked: Asked,
  ) {
    return triedOwn(context, () => asked.submit('totp.confirm', input));
  }

  @Mutation(() => RecoveryCodesPayload, {
    description:
      'Draws ten recovery codes in place of those that are left. Asks for a one-time code (STEP_UP_REQUIRED).',
  })
  drawRecoveryCodes(
    @Arg('input', { description: 'Nothing but a key.' }) input: DrawRecoveryCodesInput,
    @Ask() asked: Asked,
  ) {
    return asked.submit('recoveryCodes.draw', input);
  }

  @Mutation(() => StepUpPayload, {
    description:
      'Shows once more who one is: for five minutes this session may do what is refused with STEP_UP_REQUIRED. It gets another token, and the one that asked ends.',
  })
  async stepUp(
    @Arg('input', { description: 'A one-time code.' }) input: StepUpInput,
    @Ctx() context: Context,
    @Ask() asked: Asked,
  ) {
    return asked.value(await stepUpInSession(context, input));
  }

  @Mutation(() => RemoveSecondFactorPayload, {
    description: 'Removes the second factor of somebody who lost it; always waits for a second person.',
  })
  removeSecondFactor(
    @Arg('input', { description: 'Whose, and why.' }) input: RemoveSecondFactorInput,
    @Ask() asked: Asked,
  ) {
    return asked.submit('secondFactor.remove', input);
  }

  @Mutation(() => InviteUserPayload, {
    description: 'Invites somebody: a user without a password, who chooses one with the token of `drawPasswordToken`.',
  })
  inviteUser(@Arg('input', { description: 'Whom.' }) input: InviteUserInput, @Ask() asked: Asked) {
    return asked.submit('user.invite', input);
  }

  @Mutation(() => DrawPasswordTokenPayload, {
    description:
      'Draws a token for somebody who has no password, and shows it, once. A repeat draws another in its place.',
  })
  drawPasswordToken(@Arg('input', { description: 'For whom.' }) input: DrawPasswordTokenInput, @Ask() asked: Asked) {
    return asked.submit('passwordToken.draw', input);
  }

  @Mutation(() => ChoosePasswordPayload, {
    description: 'Chooses a password with a token, without being signed in: once, whatever becomes of the answer.',
  })
  async choosePassword(
    @Arg('input', { description: 'The token and the password.' }) input: ChoosePasswordInput,
    @Ctx() context: Context,
    @Ask() asked: Asked,
  ) {
    await choosePassword(context, input);
    return asked.value({ chosen: true });
  }

  @Mutation(() => ResetPasswordPayload, {
    description: 'Takes a user’s password away, and ends their sessions; always waits for a second person.',
  })
  resetPassword(@Arg('input', { description: 'Whose, and why.' }) input: ResetPasswordInput, @Ask() asked: Asked) {
    return asked.submit('password.reset', input);
  }

  @Mutation(() => ReactivateUserPayload, {
    description: 'Lets somebody in again who was deactivated; always waits for a second person.',
  })
  reactivateUser(@Arg('input', { description: 'Whom, and why.' }) input: ReactivateUserInput, @Ask() asked: Asked) {
    return asked.submit('user.reactivate', input);
  }
}
