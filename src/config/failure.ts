/** Something that whoever runs the process can put right. `message` says what, in a line or a few; no stack is shown. */
export class Failure extends Error {}

/** Why a server cannot listen, in words where the setting (its name and value) or HOST is to blame. */
export function listenFailure(error: unknown, setting: string, host: string): unknown {
  const { code = '', message } = error as NodeJS.ErrnoException;
  const name = setting.split(' ', 1)[0];
  if (code === 'EADDRINUSE')
    return new Failure(`${setting} is in use on ${host}: stop what listens there or set another ${name}`);
  if (code === 'EACCES') return new Failure(`${setting} needs privileges: set one above 1023`);
  if (['EADDRNOTAVAIL', 'ENOTFOUND', 'EINVAL'].includes(code))
    return new Failure(`HOST ${host} is no address of this machine: ${message}`);
  return error;
}

/** Ends the process with exit code 1 and says why: a failure by its message, a bug with its stack. */
export function fail(error: unknown): void {
  console.error(error instanceof Failure ? error.message : error);
  process.exitCode = 1;
  setTimeout(() => process.exit(), 100).unref(); // open connections do not keep it alive
}
