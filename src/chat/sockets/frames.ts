import type { WebSocketChatTransportResponse as Answer } from 'ai';
import { z } from 'zod';
import { UUID } from '../../http/fields.js';
import { CHAT_TRIGGERS } from '../turns/chat.dto.js';

/** What the client's transport sends. What else it has in a frame, such as headers, is for others. */
const asking = z.object({ requestId: z.string().min(1).max(64), id: z.string().regex(UUID) });
const frame = z.discriminatedUnion('type', [
  asking.extend({
    type: z.literal('send'),
    trigger: z.enum(CHAT_TRIGGERS),
    messageId: z.string().max(255).optional(),
    messages: z.array(z.unknown()),
  }),
  asking.extend({ type: z.literal('resume'), lastSequence: z.int().min(0).optional() }),
  asking.pick({ requestId: true }).extend({ type: z.literal('abort') }),
]);

export type Frame = z.infer<typeof frame>;
export type { Answer };

/** No frame of the protocol; `requestId` where it has one, so that the request can be told. */
export class BadFrame extends Error {
  constructor(readonly requestId?: string) {
    super('This is no frame of the chat.');
  }
}

/** @throws BadFrame, Problem `invalid_request` where a value is none that any request may have */
export function readFrame(text: string): Frame {
  const value = parsed(text);
  const { data } = frame.safeParse(value);
  if (!data) throw new BadFrame(asking.pick({ requestId: true }).safeParse(value).data?.requestId);
  return data;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new BadFrame();
  }
}
