import type { FindOptionsWhere } from 'typeorm';
import type { App } from '../platform/context';
import { asRefusal } from '../platform/transaction';
import { User } from './user.entity';

/** A user outside of any transaction: to compare a password with, which takes its time on purpose. */
export async function findUser({ database }: App, where: FindOptionsWhere<User>): Promise<User | null> {
  try {
    return await database.orm.manager.findOneBy(User, where);
  } catch (error) {
    throw asRefusal(error);
  }
}
