import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const BYTES = 48;

/**
 * The signing key of a development machine: made once, kept in the data folder, readable by its user alone.
 * @throws Error where the file is not whole: signing with what is left of it would be no protection
 */
export function developmentSecret(dataDir: string): string {
  const file = join(dataDir, 'jwt-secret');
  const draft = `${file}.${process.pid}`;
  mkdirSync(dataDir, { recursive: true });
  writeFileSync(draft, randomBytes(BYTES).toString('base64url'), { mode: 0o600 });
  try {
    linkSync(draft, file); // atomic: of two processes that start at once, one key wins and is whole
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft);
  }
  const secret = readFileSync(file, 'utf8');
  if (Buffer.from(secret, 'base64url').length !== BYTES) throw new Error(`${file} is damaged: delete it`);
  return secret;
}
