import type { DataSource } from 'typeorm';

/**
 * What the entities say and the database does not, or the other way round: columns, keys, indexes by TypeORM's own
 * comparison, CHECK constraints by their meaning to the database (TypeORM compares only their names).
 * @param dataSource of the role that owns the schema, with the entities
 * @returns a line for each difference, none when they agree
 */
export async function schemaDrift(dataSource: DataSource): Promise<string[]> {
  const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
  return upQueries.length > 0 ? upQueries.map(({ query }) => query) : checkDrift(dataSource);
}

async function checkDrift(dataSource: DataSource): Promise<string[]> {
  const runner = dataSource.createQueryRunner();
  const drift: string[] = [];
  try {
    await runner.startTransaction();
    for (const { tablePath, checks } of dataSource.entityMetadatas) {
      for (const { name, expression } of checks) {
        await runner.query(
          `ALTER TABLE ${tablePath} ADD CONSTRAINT entity_check CHECK (${expression}) NOT VALID`,
        );
        const rows = (await runner.query(
          `SELECT DISTINCT replace(pg_get_constraintdef(oid), ' NOT VALID', '') AS definition FROM pg_constraint
           WHERE conrelid = $1::regclass AND conname IN ($2, 'entity_check')`,
          [tablePath, name],
        )) as { definition: string }[];
        await runner.query(`ALTER TABLE ${tablePath} DROP CONSTRAINT entity_check`);
        if (rows.length !== 1)
          drift.push(`${name}: ${rows.map(({ definition }) => definition).join(' is not ')}`);
      }
    }
  } finally {
    await runner.rollbackTransaction();
    await runner.release();
  }
  return drift;
}
