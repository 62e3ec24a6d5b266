/** Contestant (c): PostGraphile 5 with its standard preset and its own server, on the same tables with the same login and pool. */
import { createServer } from 'node:http';
import { postgraphile } from 'postgraphile';
import { makePgService } from 'postgraphile/adaptors/pg';
import { grafserv } from 'postgraphile/grafserv/node';
import { PostGraphileAmberPreset } from 'postgraphile/presets/amber';
import { jsonPgSmartTags } from 'postgraphile/utils';
import { CONNECTION, contestant } from '../contestant.mjs';

/** The trail has no foreign keys, on purpose: its rows outlive what they name. A tag lets PostGraphile follow the actor all the same. */
const tags = jsonPgSmartTags({
  version: 1,
  config: { class: { 'audit.event': { tags: { foreignKey: '(actor_id) references public.app_user (id)' } } } },
});

contestant(async ({ url, pool }) => {
  const preset = {
    extends: [PostGraphileAmberPreset],
    plugins: [tags],
    // Functions of the database are no part of what is compared, and one has the name of a column.
    disablePlugins: ['PgProceduresPlugin'],
    pgServices: [
      makePgService({ connectionString: url, schemas: ['public', 'audit'], poolConfig: { ...CONNECTION, max: pool } }),
    ],
    grafserv: { graphqlPath: '/graphql', graphiql: false, watch: false },
    grafast: { explain: false },
  };
  const server = createServer();
  const service = postgraphile(preset).createServ(grafserv);
  await service.addTo(server);
  await service.ready();
  return server;
});
