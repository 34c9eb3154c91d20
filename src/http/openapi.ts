import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { exampleId } from './example-ids.js';
import { FAILS } from './openapi.decorators.js';
import { type ProblemCode, PROBLEMS } from './problem.js';
import { PROBLEM_SCHEMA } from './problem.schema.js';

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;

const DESCRIPTION = `Owners, their aides, conversations, messages, tasks, tool calls and Signal numbers.

Press **Authorize** and paste a token. Ids in the examples stand for the last thing made of that kind, so the examples
work when pressed from top to bottom.`;

/** The API as OpenAPI: what the DTOs say, and what the contract adds to every operation. */
export async function createDocument(app: INestApplication): Promise<OpenAPIObject> {
  const metadata = (await import('../metadata.js')).default;
  await SwaggerModule.loadPluginMetadata(metadata);
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
  for (const [path, item] of Object.entries(document.paths))
    for (const [method, operation] of Object.entries(item as Record<string, Operation>))
      complete(path, method, operation);
  return document;
}

function complete(path: string, method: string, operation: Operation & { [FAILS]?: ProblemCode[] }): void {
  const open = path.startsWith('/v1/public') || !path.startsWith('/v1');
  operation.security = open ? [] : [{ bearer: [] }];
  operation.tags = [
    path.startsWith('/v1') ? path.split('/').filter((part) => part !== 'public')[2]! : 'health',
  ];
  for (const parameter of operation.parameters ?? []) {
    if (!('name' in parameter) || parameter.in !== 'path' || parameter.name !== 'id') continue;
    parameter.schema = { type: 'string', format: 'uuid' };
    parameter.example = exampleId(path.split('/')[2]!);
  }
  if (path.startsWith('/v1')) addProblems(operation, problemsOf(path, method, operation, open));
  addHeaders(path, method, operation);
}

/** What an operation of this shape can always answer. */
function problemsOf(
  path: string,
  method: string,
  operation: Operation & { [FAILS]?: ProblemCode[] },
  open: boolean,
): ProblemCode[] {
  const codes: ProblemCode[] = ['busy', 'database_unavailable', 'shutting_down', ...(operation[FAILS] ?? [])];
  if (!open) codes.push('unauthenticated');
  if (operation.requestBody) codes.push('invalid_json', 'too_large', 'unsupported_media_type');
  if (operation.requestBody || operation.parameters?.length) codes.push('invalid_request');
  if (operation.parameters?.some((p) => 'name' in p && p.name === 'cursor')) codes.push('invalid_cursor');
  if (path.includes('{id}')) codes.push('not_found');
  if (conditional(path, method)) codes.push('version_mismatch');
  delete operation[FAILS];
  return codes;
}

/** Changes of a single resource take If-Match; appending to one and finishing a call do not. */
const conditional = (path: string, method: string) =>
  path.includes('{id}') &&
  (['patch', 'delete'].includes(method) ||
    (method === 'post' &&
      /\/(aides|conversations|tasks)\/\{id\}\/[a-z]+$/.test(path) &&
      !path.endsWith('messages')));

function addProblems(operation: Operation, codes: ProblemCode[]): void {
  const byStatus = Map.groupBy(new Set(codes), (code) => PROBLEMS[code][0]);
  for (const [status, group] of [...byStatus].toSorted(([a], [b]) => a - b)) {
    operation.responses[String(status)] = {
      description: group.map((code) => `\`${code}\`: ${PROBLEMS[code][1]}`).join('; '),
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    };
  }
}

function addHeaders(path: string, method: string, operation: Operation): void {
  const header = (name: string, description: string) =>
    (operation.parameters ??= []).push({
      name,
      in: 'header',
      required: false,
      description,
      schema: { type: 'string' },
    });
  if (conditional(path, method)) header('If-Match', 'The ETag that the resource must still have');
  const single = method === 'get' && (path.endsWith('{id}') || path.endsWith('{slug}'));
  if (!single) return;
  header('If-None-Match', 'An ETag that the client has: unchanged is answered by 304');
  operation.responses['304'] = { description: 'Unchanged' };
}
