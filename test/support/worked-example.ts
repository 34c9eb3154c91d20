import { readFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const BLOCK = /^```(ts|diff) (src\/\S+)\n([\s\S]*?)^```$/gm;

/** Writes the files and makes the changes that docs/extending.md shows, in a copy of the sources; answers their paths. */
export function followExample(document: string, root: string): string[] {
  return [...readFileSync(document, 'utf8').matchAll(BLOCK)].map(([, kind, path, text]) => {
    const file = join(root, path!);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, kind === 'ts' ? text! : patched(readFileSync(file, 'utf8'), text!));
    return path!;
  });
}

/** Puts each added line (`+`) behind the last line of context (` `) before it. */
function patched(source: string, diff: string): string {
  const lines = source.split('\n');
  let at = -1;
  for (const line of diff.split('\n').filter((line) => line !== '')) {
    const text = line.slice(1);
    if (line.startsWith('+')) lines.splice(++at, 0, text);
    else at = lines.indexOf(text, at + 1);
    if (at < 0) throw new Error(`the example's context is not in the file: ${text}`);
  }
  return lines.join('\n');
}
