import { AddRouteConfig } from './route-config.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    location?: string;
  }
}

/**
 * Where to find what a route makes, if not under its id in the collection of the path.
 * @param template of which `{name}` is a property of the answer
 */
export const LocatedAt = (template: string) => AddRouteConfig({ location: template });

export const locationOf = (template: string, resource: object): string =>
  template.replaceAll(/\{(\w+)\}/g, (_, name: string) => String((resource as Record<string, unknown>)[name]));
