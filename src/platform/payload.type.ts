import { type ClassType, Field, ObjectType } from 'type-graphql';
import { Outcome } from './operation.type';

let changeRequestType: (() => ClassType) | undefined;

/** Tells payloads what waits for approval. Approvals says so; platform does not know change requests. */
export const waitsAs = (type: () => ClassType): void => {
  changeRequestType = type;
};

/**
 * The payload type of an operation: its outcome, the objects that it is about, and the change request where it waits for
 * approval. Fields are named as the operation's results are.
 */
export function payloadType(type: string, objects: Record<string, () => ClassType | [ClassType]>): ClassType {
  @ObjectType(type, { description: 'What became of it.' })
  class Payload {
    @Field(() => Outcome, { description: 'Carried out, or waiting for a second person.' })
    outcome!: Outcome;

    @Field(() => changeRequestType!(), {
      nullable: true,
      description: 'What waits for approval; null when it was carried out.',
    })
    changeRequest!: object | null;
  }
  for (const [field, of] of Object.entries(objects))
    Field(of as () => ClassType, {
      nullable: true,
      description: 'As it is now; null while there is none that you may see.',
    })(Payload.prototype, field);
  return Payload;
}
