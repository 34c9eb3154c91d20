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

const textOf = (hunk: string[], mark: string) =>
  hunk.filter((line) => line.startsWith(mark)).map((line) => line.slice(1));

/** Each hunk has added lines (`+`) in front of or behind lines of the file (` `), which must be there in this order. */
function patched(source: string, diff: string): string {
  const lines = source.split('\n');
  for (const hunk of diff.split(/^@@\n/m).map((part) => part.split('\n').slice(0, -1))) {
    const [context, added] = [textOf(hunk, ' '), textOf(hunk, '+')];
    const at = lines.findIndex((_, i) => context.every((text, k) => lines[i + k] === text));
    if (at < 0) throw new Error(`not in the file:\n${context.join('\n')}`);
    lines.splice(hunk[0]?.startsWith('+') ? at : at + context.length, 0, ...added);
  }
  return lines.join('\n');
}
