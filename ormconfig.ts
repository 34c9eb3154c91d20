import { DataSource } from 'typeorm';
import { loadConfig } from '#dist/config/config.js';
import { migrationOptions } from '#dist/database/data-source.js';

/** For TypeORM's own command line, after `npm run build`; the service itself does not read it. */
const { MIGRATION_DATABASE_URL } = loadConfig();
if (!MIGRATION_DATABASE_URL) throw new Error('MIGRATION_DATABASE_URL must be set');

export default new DataSource({
  ...migrationOptions(MIGRATION_DATABASE_URL),
  entities: ['dist/**/*.entity.js'],
});
