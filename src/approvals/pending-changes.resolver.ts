import { FieldResolver, Resolver } from 'type-graphql';
import { apiKeyRead } from '../access/api-key.read';
import { ApiKey } from '../access/api-key.type';
import { dutyExceptionRead } from '../access/duty-exception.read';
import { DutyException } from '../access/duty-exception.type';
import { roleGrantRead, userRead } from '../access/user.read';
import { RoleGrant, User } from '../access/user.type';
import { extendRead } from '../platform/read';
import { pendingChanges } from './change-request.read';
import { ChangeRequest } from './change-request.type';

extendRead(userRead, { pendingChanges: pendingChanges('User') });
extendRead(apiKeyRead, { pendingChanges: pendingChanges('ApiKey') });
extendRead(dutyExceptionRead, { pendingChanges: pendingChanges('DutyException') });
extendRead(roleGrantRead, { pendingChanges: pendingChanges('RoleGrant') });

/** What waits over people, whose types come before there are change requests. */
@Resolver(() => User)
export class UserChanges {
  @FieldResolver(() => [ChangeRequest], { description: 'Changes to them that wait for a second person.' })
  pendingChanges(): void {}
}

@Resolver(() => ApiKey)
export class ApiKeyChanges {
  @FieldResolver(() => [ChangeRequest], { description: 'Changes to it that wait for a second person.' })
  pendingChanges(): void {}
}

@Resolver(() => RoleGrant)
export class RoleGrantChanges {
  @FieldResolver(() => [ChangeRequest], { description: 'Changes to it that wait for a second person.' })
  pendingChanges(): void {}
}

@Resolver(() => DutyException)
export class DutyExceptionChanges {
  @FieldResolver(() => [ChangeRequest], { description: 'Changes to it that wait for a second person.' })
  pendingChanges(): void {}
}
