const HELD = /[\ud800-\udbff]$/;

/** What PostgreSQL takes as text: NUL and halves of surrogate pairs become U+FFFD. */
export const storableText = (text: string) => text.toWellFormed().replaceAll('\0', '\ufffd');

/** A text that comes in pieces, of which one may end within a character. */
export class TextPieces {
  private held = '';

  take(piece: string): string {
    const text = this.held + piece;
    this.held = HELD.exec(text)?.[0] ?? '';
    return storableText(text.slice(0, text.length - this.held.length));
  }

  /** What is left when no further piece comes. */
  rest(): string {
    return this.held && '\ufffd';
  }
}
