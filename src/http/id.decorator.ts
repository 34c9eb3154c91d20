import { Param, type PipeTransform } from '@nestjs/common';
import { UUID } from './fields.js';
import { invalid } from './problem.js';

const uuidPipe: PipeTransform<string, string> = {
  transform(value) {
    if (UUID.test(value)) return value;
    throw invalid('/id', 'uuid', 'must be a lower-case UUID');
  },
};

/** The `{id}` of the path. */
export const Id = () => Param('id', uuidPipe);
