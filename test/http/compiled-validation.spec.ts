import { type Type, ValidationPipe } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { OpenAPIObject } from '@nestjs/swagger';
import { Exclude } from 'class-transformer';
import { getMetadataStorage, IsString } from 'class-validator';
import * as fc from 'fast-check';
import { compile } from '../../src/http/compiled-validation.js';
import { clientOf, newOwner, startApp } from '../support/app.js';
import { type Operation, operationsOf } from '../support/document.js';

/** The compiled way must accept what the libraries accept, as they make it, and nothing else: for every class there is. */

let app: NestFastifyApplication;
let types: Type[];
let document: OpenAPIObject;

beforeAll(async () => {
  app = await startApp();
  types = [...dtosOf(app)];
  document = (await (await clientOf(app, newOwner())).get<OpenAPIObject>('/openapi.json')).body;
});
afterAll(() => app.close());

/** What the bodies and queries of all handlers become. */
function dtosOf(of: NestFastifyApplication): Set<Type> {
  const found = new Set<Type>();
  for (const { metatype } of of.get(DiscoveryService).getControllers())
    for (const name of new MetadataScanner().getAllMethodNames(metatype!.prototype as object)) {
      const args = Object.keys((Reflect.getMetadata(ROUTE_ARGS_METADATA, metatype!, name) ?? {}) as object);
      const params = Reflect.getMetadata('design:paramtypes', metatype!.prototype as object, name) as Type[];
      for (const key of args.filter((one) => /^[34]:/.test(one)))
        found.add(params[Number(key.split(':')[1])]!);
    }
  return found;
}

const libraries = new ValidationPipe({ transform: true, whitelist: true, forbidNonWhitelisted: true });
const byLibraries = (value: object, metatype: Type) =>
  (libraries.transform(structuredClone(value), { type: 'body', metatype }) as Promise<object>).catch(
    () => undefined,
  );

const VALUES = [
  'user assistant system high low open all asc desc toolCalls web signal success createdAt dueDate'.split(
    ' ',
  ),
  [
    'true',
    'false',
    '20',
    '1e2',
    '0',
    '101',
    '',
    ' ',
    'Buy milk',
    'a-slug',
    'x'.repeat(256),
    '+4915112345678',
  ],
  ['0199a5c0-7c1e-7000-8000-3f6f7a1b2c3d', '2026-12-24T18:00:00+01:00', '2026-02-30T00:00:00Z', 'erase'],
  [null, true, false, 0, 1, 50, -1, 1.5, 2 ** 31, [], ['a'], [1, [2]], {}, { a: { b: [1] } }, [{}], [null]],
].flat();

/** The example of a body in the API document; of a query, what it must have. */
const exampleOf = (type: Type): object => {
  const operations = operationsOf(document);
  const isIts = ({ raw }: Operation) => JSON.stringify(raw.requestBody ?? null).includes(`/${type.name}"`);
  const body = operations.find(isIts)?.example;
  const required = Object.assign({}, ...operations.map(({ requiredQuery }) => requiredQuery)) as object;
  const names = propertiesOf(type);
  return body ?? Object.fromEntries(Object.entries(required).filter(([name]) => names.includes(name)));
};

const propertiesOf = (type: Type) =>
  getMetadataStorage()
    .getTargetValidationMetadatas(type, '', false, false)
    .map(({ propertyName }) => propertyName);

/** What is right, but for up to three properties, down into nested ones. */
function objectsOf(type: Type, depth = 0): fc.Arbitrary<Record<string, unknown>> {
  const names = propertiesOf(type);
  const nested =
    depth < 2 ? fc.constantFrom(...types).chain((one) => objectsOf(one, depth + 1)) : fc.constant({});
  const value = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom<unknown>(...VALUES) },
    nested,
    fc.array(nested, { maxLength: 2 }),
  );
  const name = fc.constantFrom(...names, ...names, 'unknown');
  const changes = fc.dictionary(name, value, { maxKeys: 3, noNullPrototype: true });
  const example = exampleOf(type);
  return changes.map((changed) => ({ ...example, ...changed }));
}

test('what it accepts is what the libraries accept and make, for every class', async () => {
  expect(types.length).toBeGreaterThanOrEqual(15);
  const accepting = new Set<Type>();
  for (const type of types)
    await fc.assert(
      fc.asyncProperty(objectsOf(type), async (plain) => {
        const made = compile(type)(structuredClone(plain));
        if (!made) return; // left to the libraries
        expect(made).toEqual(await byLibraries(plain, type));
        expect(made).toBeInstanceOf(type);
        accepting.add(type);
      }),
      { numRuns: 400 },
    );
  expect(types.filter((type) => !accepting.has(type)).map(({ name }) => name)).toEqual([]);
});

class Grouped {
  @IsString({ groups: ['some'] })
  a: string;
}
class Hiding {
  @IsString()
  @Exclude()
  a: string;
}
class Bare {
  a: string;
}

test.each([Grouped, Hiding, Bare])('what it does not understand is left to the libraries: $name', (type) => {
  expect(compile(type)({ a: 'x' })).toBeUndefined();
});
