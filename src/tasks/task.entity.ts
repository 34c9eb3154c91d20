import { Check, Column, Entity, ForeignKey, Index, VirtualColumn } from 'typeorm';
import { Audited } from '../database/audited.decorator.js';
import { VersionedEntity } from '../database/owned.entity.js';
import { User } from '../users/user.entity.js';
import { Timestamp } from '../database/timestamp.decorator.js';

export const PRIORITIES = ['high', 'medium', 'low'] as const;
export type Priority = (typeof PRIORITIES)[number];

@Audited('task')
@Entity({ name: 'tasks', schema: 'app' })
@ForeignKey(() => User, ['ownerId'], ['ownerId'], { onDelete: 'CASCADE' })
@Check('tasks_title_check', `char_length(title) BETWEEN 1 AND 255`)
@Check('tasks_description_check', `char_length(description) <= 2000`)
@Check('tasks_priority_check', `priority IN ('high', 'medium', 'low')`)
@Index('tasks_newest_idx', ['ownerId', 'createdAt', 'id'])
@Index('tasks_due_idx', { synchronize: false })
@Index('tasks_priority_idx', { synchronize: false })
export class Task extends VersionedEntity {
  /** @example 'Buy milk' */
  @Column('text')
  title: string;

  /** @example 'Oat, two litres' */
  @Column('text', { nullable: true })
  description: string | null;

  /** @example false */
  @VirtualColumn({ type: 'boolean', query: (t) => `${t}.completed_at IS NOT NULL` })
  completed: boolean;

  @Timestamp({ nullable: true })
  completedAt: string | null;

  /** @example 'medium' */
  @Column('text', { default: 'medium' })
  priority: Priority;

  /** @example '2026-12-24T18:00:00.000Z' */
  @Timestamp({ nullable: true })
  dueDate: string | null;
}
