import { Arg, Mutation, Resolver } from 'type-graphql';
import { Ask, type Asked } from '../platform/asked';
import { payloadType } from '../platform/payload.type';
import { ErasePersonalDataInput } from './erase-personal-data';

const ErasePersonalDataPayload = payloadType('ErasePersonalDataPayload', {});

@Resolver()
export class PersonalDataResolver {
  @Mutation(() => ErasePersonalDataPayload, {
    description: 'Erases somebody’s personal data for good, from the trail, too; always waits for a second person.',
  })
  erasePersonalData(
    @Arg('input', { description: 'Whose, and why.' }) input: ErasePersonalDataInput,
    @Ask() asked: Asked,
  ) {
    return asked.submit('personalData.erase', input);
  }
}
