/**
 * The events of a stream (HTML, 9.2), as far as the service uses them.
 * @param {Response} response
 * @returns {AsyncGenerator<{ id: string | undefined, data: string }>}
 */
export async function* eventsOf(response) {
  let text = '';
  for await (const piece of piecesOf(response)) {
    text += piece;
    const blocks = text.split('\n\n');
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const event = eventOf(block);
      if (event.data !== undefined) yield { id: event.id, data: event.data };
    }
  }
}

/** @param {string} block */
function eventOf(block) {
  /** @type {Record<string, string>} */
  const fields = {};
  for (const line of block.split('\n')) {
    const [, name, value] = /^(\w+): ?(.*)$/s.exec(line) ?? [];
    if (name) fields[name] = value ?? '';
  }
  return fields;
}

/** @param {Response} response */
async function* piecesOf({ body }) {
  if (!body) return;
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
