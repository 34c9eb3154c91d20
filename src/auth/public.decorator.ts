import { applyDecorators, SetMetadata } from '@nestjs/common';
import { RouteConfig } from '@nestjs/platform-fastify';

export const PUBLIC = 'auth:public';

/** Marks a route that needs no token. The only way out of the global guard. */
export const Public = () => applyDecorators(SetMetadata(PUBLIC, true), RouteConfig({ public: true }));
