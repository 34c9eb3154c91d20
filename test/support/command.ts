import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { TEST_SECRET } from './app.js';

const dist = join(import.meta.dirname, '../../dist');

export interface Run {
  code: number | null;
  output: string;
  errors: string;
}

/** Runs a program of `dist` to its end, with nothing of this process's environment but PATH. */
export function runProgram(program: string, args: string[] = [], env: NodeJS.ProcessEnv = {}): Promise<Run> {
  const child = spawn(process.execPath, [join(dist, program), ...args], {
    env: { PATH: process.env.PATH, NODE_ENV: 'test', JWT_SECRET: TEST_SECRET, LOG_LEVEL: 'fatal', ...env },
  });
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
