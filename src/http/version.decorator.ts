import { Param, type PipeTransform } from '@nestjs/common';
import { invalid } from './problem.js';

const versionPipe: PipeTransform<string, number> = {
  transform(value) {
    if (/^[1-9]\d{0,8}$/.test(value)) return Number(value);
    throw invalid('/version', 'version', 'must be a whole number, 1 or more');
  },
};

/** The `{version}` of the path. */
export const Version = () => Param('version', versionPipe);
