import { type BeforeApplicationShutdown, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import sql from './sql.js';
import { Failure } from '../config/failure.js';
import { OwnerScope } from './owner-scope.js';
import { migrations } from './migrations/index.js';

interface State {
  /** Every migration of this version has run; those of a newer version, during its roll-out, do no harm. */
  current: boolean;
  unsafe: boolean;
}

/** Whether this process may serve requests. */
@Injectable()
export class Readiness implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private closing = false;

  constructor(private readonly scope: OwnerScope) {}

  /** Refuses to start where row-level security would not hold, or on an older schema than this code's. */
  async onApplicationBootstrap(): Promise<void> {
    const { current, unsafe } = await this.state();
    if (unsafe)
      throw new Failure(
        'the role of DATABASE_URL could pass row-level security: it must be neither superuser nor BYPASSRLS, own ' +
          'nothing in schema app and be a member of assistant_app (docs/roles.sql)',
      );
    if (!current)
      throw new Failure(
        'the schema of the database is older than this version: set MIGRATION_DATABASE_URL, or run ' +
          '`npm run migration:run` with it',
      );
  }

  beforeApplicationShutdown(): void {
    this.closing = true;
  }

  /** What stands in the way, if anything. */
  async obstacle(): Promise<'closing' | 'database' | undefined> {
    if (this.closing) return 'closing';
    const { current, unsafe } = await this.state();
    return current && !unsafe ? undefined : 'database';
  }

  private async state(): Promise<State> {
    const [role] = await this.scope.query<{ unsafe: boolean; migrated: boolean }>(sql`
      SELECT to_regclass('public.migrations') IS NOT NULL
          AND pg_has_role(r.oid, to_regrole('assistant_app'), 'USAGE') IS NOT TRUE
        OR EXISTS (SELECT FROM pg_roles p
          WHERE (p.rolsuper OR p.rolbypassrls) AND pg_has_role(r.oid, p.oid, 'MEMBER'))
        OR EXISTS (SELECT FROM pg_class c
          WHERE c.relnamespace = to_regnamespace('app') AND pg_has_role(r.oid, c.relowner, 'MEMBER')) AS unsafe,
        has_table_privilege(r.oid, to_regclass('public.migrations'), 'SELECT') IS TRUE AS migrated
      FROM pg_roles r WHERE r.rolname = current_user`);
    if (role!.unsafe || !role!.migrated) return { unsafe: role!.unsafe, current: false };
    const rows = await this.scope.query<{ name: string }>(sql`SELECT name FROM public.migrations`);
    const ran = new Set(rows.map(({ name }) => name));
    return { unsafe: false, current: migrations.every(({ name }) => ran.has(name)) };
  }
}
