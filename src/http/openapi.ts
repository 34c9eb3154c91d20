import type { INestApplication, Type } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { isPagePath } from './html-page.js';
import { addProblems, RATE_LIMITED } from './openapi.problems.js';
import { addExample, completeParameters, type Operation, wholeNumbers } from './openapi.schemas.js';
import { isApiPath, isOpenPath } from './paths.js';
import { PROBLEM_SCHEMA } from './problem.schema.js';

const DESCRIPTION = `Owners, their aides, conversations, messages, tasks, tool calls and Signal numbers.

Press **Authorize** and paste a token. Ids in the examples stand for the last thing made of that kind, so the examples
work when pressed from top to bottom.`;

/** The API as OpenAPI: what the DTOs say, and what the contract adds to every operation. */
export async function createDocument(app: INestApplication): Promise<OpenAPIObject> {
  await SwaggerModule.loadPluginMetadata((await import('../metadata.js')).default);
  const config = new DocumentBuilder()
    .setTitle('Assistant backend')
    .setDescription(DESCRIPTION)
    .setVersion('1.0.0')
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' })
    .build();
  const document = SwaggerModule.createDocument(app, config, {
    operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}_${method}`,
  });
  document.components!.schemas!.Problem = PROBLEM_SCHEMA;
  document.components!.responses = { RateLimited: RATE_LIMITED };
  for (const [path, item] of Object.entries(document.paths))
    for (const [method, operation] of Object.entries(item as Record<string, Operation>)) {
      operation.security = isOpenPath(path) ? [] : [{ bearer: [] }];
      operation.tags = [tagOf(path)];
      completeParameters(path, operation);
      addExample(document, operation);
      addProblems(path, method, operation);
    }
  const tags = new Set(
    Object.values(document.paths).flatMap((item) => item.get?.tags ?? item.post?.tags ?? []),
  );
  document.tags = [...[...tags].filter((tag) => tag !== 'health'), 'health'].map((name) => ({ name }));
  wholeNumbers(document);
  return document;
}

class NoModule {}

/** The schemas of models that no route takes or answers, by their names; behind createDocument, which loads their comments. */
export function schemasOf(app: INestApplication, extraModels: Type[]) {
  const document = SwaggerModule.createDocument(app, {} as OpenAPIObject, {
    include: [NoModule],
    extraModels,
  });
  wholeNumbers(document);
  return document.components!.schemas!;
}

function tagOf(path: string): string {
  if (isPagePath(path)) return 'pages';
  if (path.startsWith('/v1')) return path.replace('/public', '').split('/')[2]!;
  if (path.startsWith('/api/')) return 'chat';
  return isApiPath(path) ? 'mcp' : 'health';
}
