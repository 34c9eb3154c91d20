import { z } from 'zod';
import { UUID } from '../../http/fields.js';
import { Problem } from '../../http/problem.js';
import { MAX_CONTENT } from '../../messages/message.entity.js';
import type { ChatRequest } from './chat.dto.js';
import type { Decision } from './turn.dto.js';

/** What a client of the AI SDK asks for. */
export type Ask =
  | { message: { id: string; text: string } }
  | { decisions: Decision[] }
  /** The message that is to be answered anew, as far as the client knows. */
  | { again: string | undefined };

const MOST_DECISIONS = 50;

const characters = (min: number, max: number) =>
  z
    .string()
    .refine(
      (text) => [...text].length <= max && (min === 0 || text.trim() !== ''),
      `must be ${min} to ${max} characters`,
    );

const message = z.looseObject({
  id: characters(1, 255),
  role: z.enum(['system', 'user', 'assistant']),
  parts: z.array(z.looseObject({ type: z.string() })),
});
const chat = z.array(message);
type Message = z.infer<typeof message>;

const part = z
  .looseObject({ type: z.string().refine((type) => type !== 'file', 'must be no file: text alone is taken') })
  .refine(({ type, text }) => type !== 'text' || typeof text === 'string', 'must have a text');
const question = z
  .array(part)
  .transform((parts) =>
    parts.flatMap(({ type, text }) => (type === 'text' ? [text as string] : [])).join('\n'),
  )
  .pipe(characters(1, MAX_CONTENT));

const decision = z.looseObject({
  approval: z.looseObject({
    id: z.string().regex(UUID, 'must be a lower-case UUID'),
    approved: z.boolean(),
    reason: characters(0, 1000).optional(),
  }),
});
const decisions = z
  .array(decision)
  .min(1, 'must end with a message of the user, or with decisions')
  .max(MOST_DECISIONS);

/** @throws Problem `invalid_request` with pointers into `messages` */
export function askOf({ messages, trigger, messageId }: Omit<ChatRequest, 'id'>): Ask {
  const all = read(chat, messages, '/messages');
  if (trigger === 'regenerate-message') return { again: all.findLast(({ role }) => role === 'user')?.id };
  const index = indexOf(all, messageId);
  const last = all[index];
  const pointer = `/messages/${Math.max(0, index)}/parts`;
  if (last?.role === 'user') return { message: { id: last.id, text: read(question, last.parts, pointer) } };
  const decided = read(decisions, last?.role === 'assistant' ? responses(last) : [], pointer);
  return {
    decisions: decided.map(({ approval: { id, approved, reason } }) => ({
      approvalId: id,
      approved,
      ...(reason && { reason }),
    })),
  };
}

/** Decisions may be in an earlier message than the last one; it is named then. */
function indexOf(all: Message[], messageId: string | undefined): number {
  const named = all.findLastIndex(({ id }) => id === messageId);
  return named < 0 ? all.length - 1 : named;
}

const responses = ({ parts }: Message) =>
  parts.filter((part) => (part as { state?: unknown }).state === 'approval-responded');

function read<T>(schema: z.ZodType<T>, value: unknown, pointer: string): T {
  const { data, error } = schema.safeParse(value);
  if (!error) return data;
  const errors = error.issues.map(({ path, code, message: detail }) => ({
    pointer: [pointer, ...path.map((step) => String(step).slice(0, 64))].join('/'),
    code,
    detail: detail.startsWith('must') ? detail : 'is not what a UI message has there',
  }));
  throw new Problem('invalid_request', undefined, errors);
}
