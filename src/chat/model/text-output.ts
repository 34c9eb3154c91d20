import type { Experimental_LanguageModelStreamPart as Part, UIMessageChunk } from 'ai';
import { MAX_CONTENT } from '../../messages/message.entity.js';
import { TextPieces } from './text.js';

type Kind = 'text' | 'reasoning';

/** What a step says and thinks, as chunks of a UI message: each block started and ended once, and no longer than a message. */
export class TextOutput {
  text = '';
  /** Something was left out, because a message holds no more. */
  full = false;
  private readonly left = { text: MAX_CONTENT, reasoning: MAX_CONTENT };
  private readonly open = new Map<string, { kind: Kind; id: string; pieces: TextPieces }>();

  take(part: Part): UIMessageChunk[] {
    switch (part.type) {
      case 'text-start':
        return this.start('text', part.id);
      case 'text-delta':
        return this.extend('text', part.id, part.text);
      case 'text-end':
        return this.end('text', part.id);
      case 'reasoning-start':
        return this.start('reasoning', part.id);
      case 'reasoning-delta':
        return this.extend('reasoning', part.id, part.text);
      case 'reasoning-end':
        return this.end('reasoning', part.id);
      default:
        return [];
    }
  }

  /** Ends what is still open. */
  close(): UIMessageChunk[] {
    return [...this.open.values()].flatMap(({ kind, id }) => this.end(kind, id));
  }

  private start(kind: Kind, id: string): UIMessageChunk[] {
    this.open.set(`${kind} ${id}`, { kind, id, pieces: new TextPieces() });
    return [{ type: `${kind}-start`, id }];
  }

  private extend(kind: Kind, id: string, piece: string): UIMessageChunk[] {
    const block = this.open.get(`${kind} ${id}`);
    return block ? this.say(kind, id, block.pieces.take(piece)) : [];
  }

  private end(kind: Kind, id: string): UIMessageChunk[] {
    const block = this.open.get(`${kind} ${id}`);
    if (!block) return [];
    this.open.delete(`${kind} ${id}`);
    return [...this.say(kind, id, block.pieces.rest()), { type: `${kind}-end`, id }];
  }

  private say(kind: Kind, id: string, text: string): UIMessageChunk[] {
    const points = [...text];
    const kept = points.slice(0, this.left[kind]);
    this.full ||= kept.length < points.length;
    this.left[kind] -= kept.length;
    const delta = kept.join('');
    if (kind === 'text') this.text += delta;
    return delta ? [{ type: `${kind}-delta`, id, delta }] : [];
  }
}
