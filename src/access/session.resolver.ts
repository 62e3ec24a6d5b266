import { Arg, Args, ID, Mutation, Query, Resolver } from 'type-graphql';
import { Ask, type Asked } from '../platform/asked';
import type { PageArgs } from '../platform/pagination';
import { payloadType } from '../platform/payload.type';
import { apiKeyRead } from './api-key.read';
import { ApiKey, ApiKeyConnection, ApiKeysArgs, DrawApiKeySecretPayload } from './api-key.type';
import { CreateApiKeyInput } from './create-api-key';
import { DrawApiKeySecretInput } from './draw-api-key-secret';
import { EndOtherSessionsInput } from './end-other-sessions';
import { EndSessionInput } from './end-session';
import { LinkOidcSubjectInput } from './link-oidc-subject';
import { RevokeApiKeyInput } from './revoke-api-key';
import { RotateApiKeyInput } from './rotate-api-key';
import { sessionRead } from './session.read';
import { SessionConnection, SessionsArgs } from './session.type';
import { User } from './user.type';

const EndSessionPayload = payloadType('EndSessionPayload', {});
const EndOtherSessionsPayload = payloadType('EndOtherSessionsPayload', {});
const LinkOidcSubjectPayload = payloadType('LinkOidcSubjectPayload', { user: () => User });
const CreateApiKeyPayload = payloadType('CreateApiKeyPayload', { apiKey: () => ApiKey });
const RotateApiKeyPayload = payloadType('RotateApiKeyPayload', { apiKey: () => ApiKey, replacement: () => ApiKey });
const RevokeApiKeyPayload = payloadType('RevokeApiKeyPayload', { apiKey: () => ApiKey });

@Resolver()
export class SessionResolver {
  @Query(() => SessionConnection, {
    description: 'Sessions, latest first: one’s own, and everybody’s for administrators, compliance and auditors.',
  })
  sessions(@Args(() => SessionsArgs) _args: PageArgs, @Ask() asked: Asked) {
    return asked.page(sessionRead);
  }

  @Query(() => ApiKey, { nullable: true, description: 'A key of a system.' })
  apiKey(@Arg('id', () => ID, { description: 'Id of the key.' }) _id: string, @Ask() asked: Asked) {
    return asked.one(apiKeyRead);
  }

  @Query(() => ApiKeyConnection, { description: 'Keys of systems, latest first unless told.' })
  apiKeys(@Args(() => ApiKeysArgs) _args: PageArgs, @Ask() asked: Asked) {
    return asked.page(apiKeyRead);
  }

  @Mutation(() => EndSessionPayload, {
    description:
      'Ends a session: one’s own, or anybody’s for administrators and compliance. Another of one’s own asks for a sign-in or a code within the last five minutes (STEP_UP_REQUIRED).',
  })
  endSession(@Arg('input', { description: 'Which one.' }) input: EndSessionInput, @Ask() asked: Asked) {
    return asked.submit('session.end', input);
  }

  @Mutation(() => EndOtherSessionsPayload, {
    description:
      'Ends one’s own sessions but that of this request. Asks for a sign-in or a code within the last five minutes (STEP_UP_REQUIRED).',
  })
  endOtherSessions(
    @Arg('input', { description: 'Nothing but an idempotency key.' }) input: EndOtherSessionsInput,
    @Ask() asked: Asked,
  ) {
    return asked.submit('session.endOthers', input);
  }

  @Mutation(() => LinkOidcSubjectPayload, {
    description: 'Says by which subject of the configured issuer a user is known; always waits for a second person.',
  })
  linkOidcSubject(
    @Arg('input', { description: 'Which user, which subject, and why.' }) input: LinkOidcSubjectInput,
    @Ask() asked: Asked,
  ) {
    return asked.submit('user.linkSubject', input);
  }

  @Mutation(() => CreateApiKeyPayload, {
    description: 'Creates a key for a system, and a user for that system; always waits for a second person.',
  })
  createApiKey(
    @Arg('input', { description: 'For which system, what for, and how long.' }) input: CreateApiKeyInput,
    @Ask() asked: Asked,
  ) {
    return asked.submit('apiKey.create', input);
  }

  @Mutation(() => RotateApiKeyPayload, {
    description: 'Replaces the key of a system by another; always waits for a second person.',
  })
  rotateApiKey(
    @Arg('input', { description: 'Which one, for how long both work, and why.' }) input: RotateApiKeyInput,
    @Ask() asked: Asked,
  ) {
    return asked.submit('apiKey.rotate', input);
  }

  @Mutation(() => DrawApiKeySecretPayload, {
    description: 'Shows the secret of a key to whoever made it, once; from then on the key works.',
  })
  drawApiKeySecret(@Arg('input', { description: 'Which key.' }) input: DrawApiKeySecretInput, @Ask() asked: Asked) {
    return asked.submit('apiKeySecret.draw', input);
  }

  @Mutation(() => RevokeApiKeyPayload, { description: 'Revokes the key of a system, from the next request on.' })
  revokeApiKey(@Arg('input', { description: 'Which one, and why.' }) input: RevokeApiKeyInput, @Ask() asked: Asked) {
    return asked.submit('apiKey.revoke', input);
  }
}
