/** Something that whoever runs the process can put right. `message` says what, in a line or a few; no stack is shown. */
export class Failure extends Error {}

/** Ends the process with exit code 1 and says why: a failure by its message, a bug with its stack. */
export function fail(error: unknown): void {
  console.error(error instanceof Failure ? error.message : error);
  process.exitCode = 1;
  setTimeout(() => process.exit(), 100).unref(); // open connections do not keep it alive
}
