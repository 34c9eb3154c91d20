import { readFileSync } from 'node:fs';
import { Validator } from '@seriousme/openapi-schema-validator';
import type { OpenAPIObject } from '@nestjs/swagger';
import { inlined } from '../scripts/contract/document.ts';
import { ApiClient, originOf, startApp } from './support/app.js';

const document = JSON.parse(readFileSync('openapi.json', 'utf8')) as OpenAPIObject;
const operations = Object.values((inlined(document) as unknown as OpenAPIObject).paths).flatMap((item) =>
  Object.values(item as Record<string, NonNullable<typeof item.get>>),
);

test('U2: the committed openapi.json is what the service serves (npm run openapi writes it)', async () => {
  const app = await startApp();
  const { body } = await new ApiClient(originOf(app)).get('/openapi.json');
  await app.close();
  expect(body).toEqual(document);
});

test('U2: it is OpenAPI 3.0 by the official JSON Schema, and its references lead somewhere', async () => {
  expect(document.openapi).toMatch(/^3\.0\./);
  expect(await new Validator().validate({ ...document })).toEqual({ valid: true });
  const names = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w*)"/g)].map(
    ([, name]) => name,
  );
  expect(names.filter((name) => !Object.keys(document.components!.schemas!).includes(name!))).toEqual([]);
});

test('U2: every operation has an id of its own, a summary and its security or none, explicitly', () => {
  const ids = operations.map(({ operationId }) => operationId);
  expect(new Set(ids).size).toBe(operations.length);
  for (const { operationId, summary, security } of operations)
    expect([operationId, Boolean(summary), Array.isArray(security)]).toEqual([
      expect.stringMatching(/^\w+$/),
      true,
      true,
    ]);
});

/** Beside another success: there is nothing to answer, or nothing to follow. */
const ACCEPTED = 202;
const NOTHING = 204;

const answers = ({ 200: success }: Responses, type: string) =>
  success !== undefined && 'content' in success && type in success.content!;

type Responses = (typeof operations)[number]['responses'];

test('U2: every operation has its success and its errors, with schemas', () => {
  for (const { operationId, security, responses } of operations) {
    const statuses = Object.keys(responses).map(Number);
    const beside = statuses.includes(200) ? [ACCEPTED, NOTHING] : [];
    expect([operationId, statuses.filter((status) => status < 300 && !beside.includes(status))]).toEqual([
      operationId,
      [expect.any(Number)],
    ]);
    if (security!.length > 0)
      expect([operationId, statuses]).toEqual([operationId, expect.arrayContaining([401, 503])]);
    for (const status of statuses.filter((one) => ![ACCEPTED, NOTHING, 304].includes(one))) {
      const success = answers(responses, 'text/event-stream') ? 'text/event-stream' : 'application/json';
      const [type, schema] = answers(responses, 'text/html')
        ? ['text/html', { type: 'string' }]
        : status < 300
          ? [success, expect.any(Object)]
          : ['application/problem+json', { $ref: '#/components/schemas/Problem' }];
      expect([operationId, status, responses[String(status)]]).toMatchObject([
        operationId,
        status,
        { content: { [type]: { schema } } },
      ]);
    }
  }
});
