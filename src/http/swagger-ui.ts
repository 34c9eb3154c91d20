import type { INestApplication } from '@nestjs/common';
import { type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { exampleId } from './example-ids.js';

/** Runs in the browser: examples' ids become those of the last things made, read from the Location of each answer. */
const BEHAVIOUR = (examples: Record<string, string>) => `
  const examples = ${JSON.stringify(examples)};
  const last = {};
  window.ui.getConfigs().responseInterceptor = (response) => {
    const made = /\\/([a-z-]+)\\/([0-9a-f-]{36})$/.exec(response.headers?.location ?? '');
    if (response.status < 300 && made && made[1] in examples) last[examples[made[1]]] = made[2];
    return response;
  };
  const fill = (text) => Object.entries(last).reduce((filled, [from, to]) => filled.replaceAll(from, to), text);
  window.ui.getConfigs().requestInterceptor = (request) => {
    request.url = fill(request.url);
    if (typeof request.body === 'string') request.body = fill(request.body);
    return request;
  };`;

/** Swagger UI at /docs and the document at /openapi.json. */
export function serveDocument(app: INestApplication, document: OpenAPIObject): void {
  const paths = Object.keys(document.paths).filter((path) => path.startsWith('/v1/'));
  const resources = new Set(paths.flatMap((path) => path.split('/').slice(2)));
  const examples = Object.fromEntries([...resources].map((resource) => [resource, exampleId(resource)]));
  SwaggerModule.setup('docs', app, document, {
    jsonDocumentUrl: 'openapi.json',
    customSiteTitle: 'Assistant backend',
    customJsStr: `window.addEventListener('load', () => setTimeout(() => {${BEHAVIOUR(examples)}}));`,
    swaggerOptions: { persistAuthorization: true, displayRequestDuration: true, tryItOutEnabled: true },
  });
}
