const AUDITED = 'database:audited';

/** Changes of this entity are recorded in the audit log, in the statement that makes them, under this name. */
export const Audited =
  (name: string): ClassDecorator =>
  (target) =>
    Reflect.defineMetadata(AUDITED, name, target);

export const auditedName = (target: unknown): string | undefined =>
  Reflect.getMetadata(AUDITED, target as object) as string | undefined;
