/** How deep a JSON text is nested, of which piece after piece comes: too deep for the stack of whoever parses it? */
export class JsonDepth {
  deepest = 0;
  private depth = 0;
  private inString = false;
  private escaped = false;

  take(piece: string): void {
    for (const character of piece) {
      if (this.escaped) this.escaped = false;
      else if (character === '"') this.inString = !this.inString;
      else if (this.inString) this.escaped = character === '\\';
      else if (character === '[' || character === '{') this.deepest = Math.max(this.deepest, ++this.depth);
      else if (character === ']' || character === '}') this.depth--;
    }
  }
}
