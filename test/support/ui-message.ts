import { asSchema, readUIMessageStream, type UIMessage, type UIMessageChunk, uiMessageChunkSchema } from 'ai';

/** The message that a client of the SDK makes of chunks; it throws where they are not what it takes. */
export async function messageOf(chunks: UIMessageChunk[]): Promise<UIMessage> {
  const { validate } = asSchema(uiMessageChunkSchema);
  for (const chunk of chunks) {
    const checked = await validate!(chunk);
    if (!checked.success) throw checked.error;
  }
  let message: UIMessage | undefined;
  const stream = ReadableStream.from([{ type: 'start' } as const, ...chunks]);
  for await (const state of readUIMessageStream({ stream, terminateOnError: true })) message = state;
  return message!;
}
