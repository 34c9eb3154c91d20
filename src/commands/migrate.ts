import 'reflect-metadata';
import { DataSource, MigrationExecutor } from 'typeorm';
import { loadConfig } from '../config/config.js';
import { fail, Failure } from '../config/failure.js';
import { auditCatalogue } from '../database/catalogue.js';
import { migrationOptions } from '../database/data-source.js';
import { migrate, revert } from '../database/migrate.js';
import { provideSchemaOwner } from '../database/provision.js';

type Command = (url: string, appUrl?: string) => Promise<void>;

/** npm run migration:run | migration:revert | db:audit */
const COMMANDS: Record<string, Command> = {
  run: async (url, appUrl) => {
    const ran = await migrate(url, appUrl);
    console.log(ran.map((name) => `ran ${name}`).join('\n') || 'up to date');
  },
  revert: async (url) => {
    const reverted = await revert(url);
    console.log(reverted ? `reverted ${reverted}` : 'nothing to revert');
  },
  audit: async (url) => {
    const dataSource = await new DataSource(migrationOptions(url)).initialize();
    const defects = await audit(dataSource).finally(() => dataSource.destroy());
    if (defects.length > 0) throw new Failure(defects.join('\n'));
    console.log('isolated: no defect found');
  },
};

async function audit(dataSource: DataSource): Promise<string[]> {
  const pending = await new MigrationExecutor(dataSource).getPendingMigrations();
  if (pending.length > 0) throw new Failure('the schema is not current: npm run migration:run first');
  return auditCatalogue(dataSource);
}

async function run(name = ''): Promise<void> {
  const command = COMMANDS[name];
  if (!command) throw new Failure('usage: migrate run | revert | audit');
  const owner = await provideSchemaOwner(loadConfig());
  try {
    await command(owner.url, owner.appUrl);
  } finally {
    await owner.stop();
  }
}

run(process.argv[2]).catch(fail);
