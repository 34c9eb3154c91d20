import { Column, Entity, ForeignKey, Index, VirtualColumn } from 'typeorm';
import { OwnedEntity } from '../database/owned.entity.js';
import { Aide } from './aide.entity.js';

/** One time that an aide was published: which version, under which title and slug. The database lets none change. */
@Entity({ name: 'aide_publications', schema: 'app' })
@ForeignKey(() => Aide, ['ownerId', 'aideId'], ['ownerId', 'id'], { onDelete: 'CASCADE' })
@Index('aide_publications_version_key', ['ownerId', 'aideId', 'version'], { unique: true })
export class Publication extends OwnedEntity {
  @Column('uuid')
  aideId: string;

  /** The version of the aide that was published.
   * @example 2 */
  @Column('integer')
  version: number;

  /** @example 'Travel planner' */
  @Column('text')
  title: string;

  /** @example 'travel-planner' */
  @Column('text')
  slug: string;

  /** Whether this is what anyone can read now.
   * @example true */
  @VirtualColumn({
    type: 'boolean',
    query: (t) => `EXISTS (SELECT FROM app.aides a
      WHERE a.owner_id = ${t}.owner_id AND a.id = ${t}.aide_id AND a.published_version = ${t}.version)`,
  })
  current: boolean;
}
