import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** Whether the process runs and, where that can be told, is the one that is meant: process ids are used again. */
export function alive(pid: number, meant: (command: string[]) => boolean): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  if (process.platform !== 'linux') return true;
  try {
    return meant(readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0'));
  } catch {
    return false;
  }
}

export const isNode = ([program]: string[]) => basename(program ?? '').startsWith('node');

/** The living processes that use something, a file each: what is shared is stopped by the last of them. */
export class Users {
  constructor(private readonly folder: string) {}

  join(): void {
    mkdirSync(this.folder, { recursive: true });
    this.others(); // forgets those that were killed
    writeFileSync(join(this.folder, String(process.pid)), '');
  }

  /** @returns whether this was the last one */
  leave(): boolean {
    this.forget(process.pid);
    return this.others().length === 0;
  }

  private others(): number[] {
    const [living, gone] = [[] as number[], [] as number[]];
    for (const pid of readdirSync(this.folder).map(Number)) (alive(pid, isNode) ? living : gone).push(pid);
    for (const pid of gone) this.forget(pid);
    return living;
  }

  private forget(pid: number): void {
    rmSync(join(this.folder, String(pid)), { force: true });
  }
}
