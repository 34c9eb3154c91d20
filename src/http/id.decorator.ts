import { Param, type PipeTransform } from '@nestjs/common';
import { UUID } from './fields.js';
import { invalid } from './problem.js';

const uuidPipe = (name: string): PipeTransform<string, string> => ({
  transform(value) {
    if (UUID.test(value)) return value;
    throw invalid(`/${name}`, 'uuid', 'must be a lower-case UUID');
  },
});

/** The `{id}` of the path, or another one's. */
export const Id = (name = 'id') => Param(name, uuidPipe(name));
