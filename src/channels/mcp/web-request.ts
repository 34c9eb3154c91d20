import type { FastifyReply, FastifyRequest } from 'fastify';

const JSON_TYPE = 'application/json';

/**
 * The request as the library takes it: what MCP reads of its head, and a signal that is aborted when the client hangs up. The
 * body goes beside it, parsed. Whatever the client accepts, it gets JSON, and the library minds.
 */
export function webRequest({ headers }: FastifyRequest, { raw }: FastifyReply): Request {
  const own = Object.entries(headers).filter(([name]) => name.startsWith('mcp-'));
  const accept = `${JSON_TYPE}, text/event-stream`;
  const hangUp = new AbortController();
  raw.once('close', () => hangUp.abort());
  return new Request('http://localhost/mcp', {
    method: 'POST',
    headers: { ...(Object.fromEntries(own) as Record<string, string>), accept, 'content-type': JSON_TYPE },
    signal: hangUp.signal,
  });
}

export async function sendResponse(reply: FastifyReply, response: Response): Promise<void> {
  const text = await response.text();
  void reply.code(response.status);
  if (text !== '') void reply.header('Content-Type', `${JSON_TYPE}; charset=utf-8`);
  await reply.send(text === '' ? undefined : text);
}
