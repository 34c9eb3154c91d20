import { Injectable } from '@nestjs/common';
import sql from '../database/sql.js';
import type { OwnerId } from '../auth/owner-id.js';
import { InjectOwned } from '../database/database.module.js';
import { RowNotFound, WrongState } from '../database/errors.js';
import { Lookups } from '../database/lookups.js';
import type { ExpectedVersion, OwnedRepository } from '../database/owned.repository.js';
import type { Order, Page, PageRequest } from '../database/page.js';
import { Transactions } from '../database/transactions.js';
import type { PublicAide } from './aide.dto.js';
import { Aide } from './aide.entity.js';
import { Publication } from './publication.entity.js';

/** What an aide that is not published has. */
export const UNPUBLISHED = {
  slug: null,
  publishedAt: null,
  publishedVersion: null,
  publishedTitle: null,
  publishedState: null,
};

const NEWEST_FIRST: Order<Publication> = { keys: [{ property: 'version' }], descending: true, unique: true };

/** What of an aide anyone can read, and since when. */
@Injectable()
export class PublishingService {
  constructor(
    @InjectOwned(Aide) private readonly aides: OwnedRepository<Aide>,
    @InjectOwned(Publication) private readonly publications: OwnedRepository<Publication>,
    private readonly transactions: Transactions,
    private readonly lookups: Lookups,
  ) {}

  /**
   * Freezes title and state under a slug; after a change, doing it again moves both. An aide that is published just so
   * is answered as it is.
   * @throws WrongState where it is archived
   */
  publish(owner: OwnerId, id: string, slug: string, version?: ExpectedVersion): Promise<Aide> {
    const changes = {
      status: 'published' as const,
      slug,
      publishedAt: sql`now()`,
      publishedVersion: sql`t.version + 1`,
      publishedTitle: sql`t.title`,
      publishedState: sql`t.state`,
    };
    const where = [
      sql`t.status <> 'archived'`,
      sql`(t.slug, t.published_version) IS DISTINCT FROM (${slug}, t.version)`,
    ];
    return this.transactions.run(async () => {
      const before = await this.aides.get(owner, id, { lock: 'change' });
      const aide = await this.aides.transition(owner, id, changes, { version, where, action: 'publish' });
      if (aide.status === 'archived') throw new WrongState();
      if (aide.version !== before.version)
        await this.publications.insert(owner, { aideId: id, version: aide.version, title: aide.title, slug });
      return aide;
    });
  }

  unpublish(owner: OwnerId, id: string, version?: ExpectedVersion): Promise<Aide> {
    const where = [sql`t.status = 'published'`];
    const changes = { status: 'draft' as const, ...UNPUBLISHED };
    return this.aides.transition(owner, id, changes, { version, where, action: 'unpublish' });
  }

  /** @throws RowNotFound where the aide is not the owner's */
  list(owner: OwnerId, id: string, query: PageRequest): Promise<Page<Publication>> {
    return this.publications.page(owner, query, NEWEST_FIRST, {
      among: [sql`t.aide_id = ${id}`],
      parent: () => this.aides.get(owner, id),
    });
  }

  /** Public: no owner is known here. */
  async published(slug: string): Promise<PublicAide> {
    const aide = await this.lookups.publishedAide<PublicAide>(slug);
    if (!aide) throw new RowNotFound();
    return aide;
  }
}
