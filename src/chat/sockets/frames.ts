import type { WebSocketChatTransportResponse as Answer } from 'ai';
import { z } from 'zod';
import { UUID } from '../../http/fields.js';
import { CHAT_TRIGGERS } from '../turns/chat.dto.js';

/** What the client's transport sends. What else it has in a frame, such as headers, is for others. */
const asking = z.object({ requestId: z.string().min(1).max(64), id: z.string().regex(UUID) });
const named = asking.pick({ requestId: true });
const frame = z.discriminatedUnion('type', [
  asking.extend({
    type: z.literal('send'),
    trigger: z.enum(CHAT_TRIGGERS),
    messageId: z.string().max(255).optional(),
    messages: z.array(z.unknown()),
  }),
  asking.extend({ type: z.literal('resume'), lastSequence: z.int().min(0).optional() }),
  named.extend({ type: z.literal('abort') }),
]);

export type Frame = z.infer<typeof frame>;
export type { Answer };

/** No frame of the protocol; `requestId` where it has one, so that the request can be told. */
export interface BadFrame {
  type: 'bad';
  requestId: string | undefined;
}

export function readFrame(text: string): Frame | BadFrame {
  const value = parsed(text);
  const { data } = frame.safeParse(value);
  return data ?? { type: 'bad', requestId: named.safeParse(value).data?.requestId };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
