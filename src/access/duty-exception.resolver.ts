import { Arg, Args, Mutation, Query, Resolver } from 'type-graphql';
import { Ask, type Asked } from '../platform/asked';
import type { PageArgs } from '../platform/pagination';
import { payloadType } from '../platform/payload.type';
import { DateTimeScalar } from '../platform/scalars';
import { AllowDutyExceptionInput } from './allow-duty-exception';
import { dutyConflicts, dutyMatrix } from './duty-conflicts';
import { dutyExceptionRead } from './duty-exception.read';
import {
  DutyConflict,
  DutyException,
  DutyExceptionConnection,
  DutyExceptionsArgs,
  DutyPair,
} from './duty-exception.type';
import { EndDutyExceptionInput } from './end-duty-exception';

const AllowDutyExceptionPayload = payloadType('AllowDutyExceptionPayload', { dutyException: () => DutyException });
const EndDutyExceptionPayload = payloadType('EndDutyExceptionPayload', { dutyException: () => DutyException });

@Resolver()
export class DutyExceptionResolver {
  @Query(() => DutyExceptionConnection, {
    description: 'Exceptions from the matrix of duties, latest first unless told.',
  })
  dutyExceptions(@Args(() => DutyExceptionsArgs) _args: PageArgs, @Ask() asked: Asked) {
    return asked.page(dutyExceptionRead);
  }

  @Query(() => [DutyPair], { description: 'The duties that must not meet in one person.' })
  dutyMatrix(@Ask() asked: Asked) {
    return asked.worked(async () => dutyMatrix());
  }

  @Query(() => [DutyConflict], {
    description:
      'Which duties met in whom at an instant: by the grants and exceptions of then, and the matrix of today.',
  })
  dutyConflicts(
    @Arg('at', () => DateTimeScalar, { nullable: true, description: 'The instant; now, unless told.' })
    _at: string | null,
    @Ask() asked: Asked,
  ) {
    return asked.worked(({ at }) => dutyConflicts(asked.context, at));
  }

  @Mutation(() => AllowDutyExceptionPayload, {
    description: 'Lets two duties meet in one person for a time; always waits for a second person.',
  })
  allowDutyException(
    @Arg('input', { description: 'Which duties, in whom, until when, and why.' }) input: AllowDutyExceptionInput,
    @Ask() asked: Asked,
  ) {
    return asked.submit('dutyException.allow', input);
  }

  @Mutation(() => EndDutyExceptionPayload, { description: 'Ends an exception at once.' })
  endDutyException(
    @Arg('input', { description: 'Which one, and why.' }) input: EndDutyExceptionInput,
    @Ask() asked: Asked,
  ) {
    return asked.submit('dutyException.end', input);
  }
}
