import 'reflect-metadata';
import { DataSource } from 'typeorm';
import { loadConfig } from '../config/config.js';
import { auditCatalogue } from '../database/catalogue.js';
import { migrationOptions } from '../database/data-source.js';
import { migrate, revert } from '../database/migrate.js';

/** npm run migration:run | migration:revert | db:audit, on MIGRATION_DATABASE_URL. */
const config = loadConfig();
const url = config.MIGRATION_DATABASE_URL;
if (!url)
  throw new Error('MIGRATION_DATABASE_URL must be set: the postgres:// URL of the role that owns the schema');

switch (process.argv[2]) {
  case 'run':
    console.log(
      (await migrate(url, config.DATABASE_URL)).map((name) => `ran ${name}`).join('\n') || 'up to date',
    );
    break;
  case 'revert':
    await revert(url);
    console.log('reverted the newest migration');
    break;
  case 'audit': {
    const dataSource = await new DataSource(migrationOptions(url)).initialize();
    const defects = await auditCatalogue(dataSource);
    await dataSource.destroy();
    console.log(defects.join('\n') || 'isolated: no defect found');
    process.exitCode = defects.length > 0 ? 1 : 0;
    break;
  }
  default:
    throw new Error('usage: migrate run | revert | audit');
}
