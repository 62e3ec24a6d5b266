import 'reflect-metadata';
import { createServer, type Server } from 'node:http';
import { ApolloServer } from '@apollo/server';
import { expressMiddleware } from '@as-integrations/express5';
import express from 'express';
import { Arg, buildSchema, ID, Int, Query, Resolver } from 'type-graphql';
import { DataSource, DefaultNamingStrategy, LessThan } from 'typeorm';
import { Account, AuditEvent, Invoice, InvoiceLine, Lob, User } from './entities';

/**
 * Contestant (d): the usual stack as its documentation shows it, resolvers that call `find({ relations })`: one
 * joined query instead of one for each row, and neither secrets nor long texts among the columns. All else is as it comes;
 * with `simpleResolvers` and without Apollo's cache control it does about twice as well in lists. There is nobody to sign in,
 * no permission, no mask and no log.
 */

class SnakeCase extends DefaultNamingStrategy {
  override columnName(property: string, given: string | undefined): string {
    return given ?? property.replace(/[A-Z]/g, '_$&').toLowerCase();
  }
}

let database: DataSource;

@Resolver()
class Queries {
  @Query(() => [Invoice])
  async invoices(@Arg('first', () => Int) first: number, @Arg('before', () => Date) before: Date): Promise<Invoice[]> {
    const found = await database.getRepository(Invoice).find({
      where: { createdAt: LessThan(before) },
      relations: { account: true, lines: { lob: true } },
      order: { createdAt: 'DESC', id: 'DESC' },
      take: first,
    });
    // Not by `order`: together with `take`, TypeORM would count lines for invoices.
    for (const invoice of found) invoice.lines.sort((one, other) => one.lineNumber - other.lineNumber);
    return found;
  }

  @Query(() => Invoice, { nullable: true })
  invoice(@Arg('id', () => ID) id: string): Promise<Invoice | null> {
    return database.getRepository(Invoice).findOne({
      where: { id },
      relations: { account: true, lines: { lob: true } },
      order: { lines: { lineNumber: 'ASC' } },
    });
  }

  @Query(() => [AuditEvent])
  auditEvents(
    @Arg('first', () => Int) first: number,
    @Arg('subjectType') subjectType: string,
    @Arg('subjectId', () => ID) subjectId: string,
  ): Promise<AuditEvent[]> {
    return database.getRepository(AuditEvent).find({
      where: { subjectType, subjectId },
      relations: { actor: true },
      order: { at: 'DESC', id: 'DESC' },
      take: first,
    });
  }
}

interface Options {
  url: string;
  pool: number;
  connection: object;
}

export async function start({ url, pool, connection }: Options): Promise<Server> {
  database = await new DataSource({
    type: 'postgres',
    url,
    entities: [Account, Lob, Invoice, InvoiceLine, User, AuditEvent],
    namingStrategy: new SnakeCase(),
    installExtensions: false,
    poolSize: pool,
    extra: connection,
  }).initialize();
  const schema = await buildSchema({ resolvers: [Queries] });
  const apollo = new ApolloServer({ schema });
  await apollo.start();
  const web = express();
  web.use('/graphql', express.json(), expressMiddleware(apollo));
  return createServer(web);
}
