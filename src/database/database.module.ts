import { type DynamicModule, Global, Inject, Module, type Type } from '@nestjs/common';
import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import type { DataSource } from 'typeorm';
import { appOptions, createAppDataSource } from './data-source.js';
import { Notifications } from './notifications.js';
import { OwnedRepository } from './owned.repository.js';
import { Lookups } from './lookups.js';
import { OwnerScope } from './owner-scope.js';
import { PoolStatus } from './pool-status.js';
import { Readiness } from './readiness.js';
import { TableShape } from './table-shape.js';
import { Transactions } from './transactions.js';

const tokenOf = (entity: Type) => `OwnedRepositoryOf${entity.name}`;

/** Injects the owned repository of an entity that the module named in `DatabaseModule.forFeature`. */
export const InjectOwned = (entity: Type) => Inject(tokenOf(entity));

@Global()
@Module({})
export class DatabaseModule {
  /**
   * @param url of the app's role
   * @param listenUrl of the same, for what no pooler may share
   */
  static forRoot(url: string, poolSize: number, listenUrl: string): DynamicModule {
    const connection = TypeOrmModule.forRootAsync({
      useFactory: () => ({ ...appOptions(url, poolSize), autoLoadEntities: true, retryAttempts: 0 }),
      dataSourceFactory: (options) => createAppDataSource(options!),
    });
    const services = [OwnerScope, Transactions, Lookups, Readiness, PoolStatus];
    const notifications = { provide: Notifications, useFactory: () => new Notifications(listenUrl) };
    const providers = [...services, notifications];
    return { module: DatabaseModule, imports: [connection], providers, exports: providers };
  }

  static forFeature(entities: Type[]): DynamicModule {
    const providers = entities.map((entity) => ({
      provide: tokenOf(entity),
      useFactory: (scope: OwnerScope, dataSource: DataSource) =>
        new OwnedRepository(scope, new TableShape(dataSource.getMetadata(entity))),
      inject: [OwnerScope, getDataSourceToken()],
    }));
    const imports = [TypeOrmModule.forFeature(entities)];
    return { module: class OwnedRepositories {}, imports, providers, exports: providers };
  }
}
