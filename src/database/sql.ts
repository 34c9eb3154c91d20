const MAX_COMPOSITIONS = 10_000;
const PARAMETER = Symbol('parameter');

let known = 0;

/** A way in which templates were put together, wherever that happens again: its text is made once. */
class Composition {
  /** The text around the parameters. */
  pieces: string[] | undefined;
  private whole: string | undefined;
  private readonly longer = new Map<unknown, Composition>();

  /** This, and one more part. */
  with(part: unknown): Composition {
    const found = this.longer.get(part);
    if (found) return found;
    const made = new Composition();
    if (known < MAX_COMPOSITIONS) this.longer.set(part, made);
    known += 1;
    return made;
  }

  get text(): string {
    return (this.whole ??= this.pieces!.reduce((text, piece, i) => `${text}$${i}${piece}`));
  }
}

/** SQL and its parameters, a statement or a part of one. */
export class Sql {
  constructor(
    readonly composition: Composition,
    readonly values: unknown[],
  ) {}

  /** With `$1`, `$2` … for the parameters. */
  get text(): string {
    return this.composition.text;
  }
}

function compose(start: Composition, strings: readonly string[], parts: readonly unknown[]): Sql {
  let composition = start;
  const values: unknown[] = [];
  for (const part of parts)
    if (part instanceof Sql) {
      composition = composition.with(part.composition);
      for (const value of part.values) values.push(value);
    } else {
      composition = composition.with(PARAMETER);
      values.push(part);
    }
  composition.pieces ??= piecesOf(strings, parts);
  return new Sql(composition, values);
}

function piecesOf(strings: readonly string[], parts: readonly unknown[]): string[] {
  const pieces = [strings[0]!];
  for (const [i, part] of parts.entries()) {
    const [first, ...rest] = part instanceof Sql ? part.composition.pieces! : ['', ''];
    pieces.push(pieces.pop()! + first, ...rest);
    pieces.push(pieces.pop()! + strings[i + 1]!);
  }
  return pieces;
}

const templates = new Composition();
const literals = new Composition();
const lists = new Composition();
const forms = new Composition();

/** The tag of a template: what stands in it is a parameter, or belongs to the statement where it is SQL itself. */
export default function sql(strings: TemplateStringsArray, ...parts: unknown[]): Sql {
  return compose(templates.with(strings), strings, parts);
}

/** Text that is SQL as it stands: never of a request. */
export const raw = (text: string): Sql => compose(literals.with(text), [text], []);

export const empty = raw('');

export function join(parts: readonly unknown[], separator = ','): Sql {
  const strings = ['', ...Array<string>(parts.length - 1).fill(separator), ''];
  return compose(lists.with(separator), strings, parts);
}

/** `form` with the part at each of its NULs. */
export function fill(form: string, part: Sql): Sql {
  const strings = form.split('\0');
  const parts = strings.slice(1).map(() => part);
  return compose(forms.with(form), strings, parts);
}
