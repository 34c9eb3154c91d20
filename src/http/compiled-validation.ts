import type { Type } from '@nestjs/common';
import { defaultMetadataStorage } from 'class-transformer/cjs/storage.js';
import { getMetadataStorage, type ValidationArguments } from 'class-validator';

/** The instance that class-transformer and class-validator would answer; undefined where only they know. */
export type Accept = (plain: Record<string, unknown>) => object | undefined;
type Dto = Record<string, unknown>;
type Make = (value: unknown, plain: Dto) => unknown;
type Holds = (value: unknown, dto: Dto) => boolean;
type ValidationMetadata = ReturnType<
  ReturnType<typeof getMetadataStorage>['getTargetValidationMetadatas']
>[number];

const REFUSED = Symbol('not accepted');
const TO_CLASS = 0; // TransformationType.PLAIN_TO_CLASS
const compiled = new Map<Type, Accept>();

/**
 * Compiles the decorators of a class, once. What a class accepts is made and checked property by property; whatever is
 * wrong, or said by a decorator that is not understood here, is left to the libraries, whose errors name it.
 */
export function compile(type: Type): Accept {
  const known = compiled.get(type);
  if (known) return known;
  const storage = getMetadataStorage();
  const metadatas = storage.getTargetValidationMetadatas(type, '', false, false);
  const byProperty = Map.groupBy(metadatas, ({ propertyName }) => propertyName);
  const makers = new Map<string, Make>();
  const rules: [string, Holds][] = [];
  const accept: Accept = (plain) => {
    const dto = new type() as Dto;
    for (const key of Object.keys(plain)) {
      const make = makers.get(key);
      const value = make ? make(plain[key], plain) : REFUSED;
      if (value === REFUSED) return undefined;
      dto[key] = value;
    }
    return rules.every(([property, holds]) => holds(dto[property], dto)) ? dto : undefined;
  };
  const understood = metadatas.length > 0 && metadatas.every(isUnderstood) && !isExposedByName(type);
  compiled.set(type, understood ? accept : () => undefined);
  for (const [property, own] of byProperty) {
    makers.set(property, maker(type, property));
    rules.push([property, rule(type, property, own)]);
  }
  return compiled.get(type)!;
}

const isExposedByName = (type: Type) =>
  defaultMetadataStorage.getExposedMetadatas(type).length > 0 ||
  defaultMetadataStorage.getExcludedMetadatas(type).length > 0;

const KINDS = new Set([
  'customValidation',
  'nestedValidation',
  'conditionalValidation',
  'whitelistValidation',
]);

const isUnderstood = (metadata: ValidationMetadata) =>
  KINDS.has(metadata.type) &&
  !metadata.groups?.length &&
  constraintsOf(metadata).every(({ async }) => !async);

const constraintsOf = ({ type, constraintCls }: ValidationMetadata) =>
  type === 'customValidation' ? getMetadataStorage().getTargetValidatorConstraints(constraintCls) : [];

function maker(type: Type, key: string): Make {
  const nested = defaultMetadataStorage.findTypeMetadata(type, key);
  const transforms = defaultMetadataStorage.findTransformMetadatas(type, key, TO_CLASS);
  const make: Make = nested
    ? (value) => makeNested(value, compile(nested.typeFunction() as Type))
    : transforms.length > 0
      ? (value) => value
      : copy;
  if (transforms.length === 0) return make;
  return (given, obj) => {
    let value = make(given, obj);
    for (const { transformFn } of transforms)
      if (value !== REFUSED) value = transformFn({ value, key, obj, type: TO_CLASS, options: {} });
    return value;
  };
}

function makeNested(value: unknown, accept: Accept): unknown {
  if (!Array.isArray(value)) return isPlain(value) ? (accept(value) ?? REFUSED) : value;
  const made = value.map((one: unknown) => (isPlain(one) && accept(one)) || REFUSED);
  return made.includes(REFUSED) ? REFUSED : made;
}

/** Values without structure, and lists of them. */
function copy(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const flat = Array.isArray(value) && value.every((one) => typeof one !== 'object' || one === null);
  return flat ? [...(value as unknown[])] : REFUSED;
}

const isPlain = (value: unknown): value is Dto =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function rule(type: Type, property: string, metadatas: ValidationMetadata[]): Holds {
  const conditions = metadatas.filter((one) => one.type === 'conditionalValidation');
  const asked = conditions.map(({ constraints }) => constraints[0] as (dto: Dto, value: unknown) => boolean);
  const isNested = metadatas.some((one) => one.type === 'nestedValidation');
  const checks = metadatas.flatMap((metadata) =>
    constraintsOf(metadata).map(({ instance }): Holds => {
      const holds: Holds = (value, object) => {
        const args: ValidationArguments = {
          targetName: type.name,
          property,
          object,
          value,
          constraints: metadata.constraints,
        };
        return instance.validate(value, args) as boolean;
      };
      return metadata.each
        ? (value, dto) => (Array.isArray(value) ? value.every((one) => holds(one, dto)) : holds(value, dto))
        : holds;
    }),
  );
  return (value, dto) =>
    !asked.every((condition) => condition(dto, value)) ||
    ((!isNested || value === undefined || (typeof value === 'object' && value !== null)) &&
      checks.every((check) => check(value, dto)));
}
