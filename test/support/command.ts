import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { TEST_SECRET } from './app.js';

const dist = join(import.meta.dirname, '../../dist');

export interface Run {
  code: number | null;
  output: string;
  errors: string;
}

/** Runs a program of `dist` to its end, with nothing of this process's environment but PATH and the cache of compiled code. */
export function runProgram(program: string, args: string[] = [], env: NodeJS.ProcessEnv = {}): Promise<Run> {
  const { PATH, NODE_COMPILE_CACHE } = process.env;
  const settings = {
    PATH,
    NODE_COMPILE_CACHE,
    NODE_ENV: 'test',
    JWT_SECRET: TEST_SECRET,
    LOG_LEVEL: 'fatal',
  };
  const child = spawn(process.execPath, [join(dist, program), ...args], { env: { ...settings, ...env } });
  const run: Run = { code: null, output: '', errors: '' };
  child.stdout.on('data', (chunk: Buffer) => (run.output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (run.errors += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ ...run, code }));
  });
}

export const runCommand = (name: string, args?: string[], env?: NodeJS.ProcessEnv) =>
  runProgram(`commands/${name}.js`, args, env);
