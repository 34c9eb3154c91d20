import { readFileSync } from 'node:fs';

interface Package {
  scripts: Record<'start:prod', string>;
}

const { scripts } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as Package;

/** Node's own, with which the service runs in production: what is measured is measured with them. */
export const NODE_FLAGS = scripts['start:prod'].split(' ').filter((word) => word.startsWith('--'));
