import { loadConfig } from './src/config';
import { entities, migrations } from './src/entities';
import { dataSource } from './src/platform/database';

/** For TypeORM's command line, over DATABASE_URL: `npx typeorm migration:generate -d dist/ormconfig.js …`. */
export default dataSource(loadConfig().databaseUrl ?? '', { entities, migrations });
