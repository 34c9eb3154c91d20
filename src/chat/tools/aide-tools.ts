import { Injectable } from '@nestjs/common';
import type { Author } from '../../aides/aide-events.service.js';
import { AideEventsService } from '../../aides/aide-events.service.js';
import { AideHistory } from '../../aides/aide-history.service.js';
import { valueAt } from '../../aides/json-patch.js';
import { ConversationsService } from '../../conversations/conversations.service.js';
import { jsonSize } from '../../http/json-size.js';
import { MAX_RESULT } from './bounded.js';
import { tool, type ToolContext, ToolError } from './tool.js';
import { ApplyEvent, ReadState } from './tool-input.dto.js';

const ASSISTANT: Author = { actor: 'assistant', channel: 'web' };

@Injectable()
export class AideTools {
  readonly tools = [
    tool({
      name: 'get_aide_state',
      description:
        'Reads the state of an aide: free JSON in which it keeps what it knows. Of a large one, read parts by `path`.',
      input: ReadState,
      readOnly: true,
      run: async (context, { path = '', aideId }) => {
        const id = await this.aideOf(context, aideId);
        const { version, state } = await this.history.stateAt(context.owner, id);
        return { aideId: id, version, state: partOf(state, path) };
      },
    }),
    tool({
      name: 'apply_aide_events',
      description:
        'Changes the state of an aide by an event: a JSON Patch (RFC 6902). Read the state before. Answers its new version.',
      input: ApplyEvent,
      run: async (context, { aideId, ...event }) => {
        const id = await this.aideOf(context, aideId);
        const { version } = await this.events.append(context.owner, id, event, ASSISTANT);
        return { aideId: id, version };
      },
    }),
  ];

  constructor(
    private readonly events: AideEventsService,
    private readonly history: AideHistory,
    private readonly conversations: ConversationsService,
  ) {}

  private async aideOf(
    { owner, conversationId, aideId }: ToolContext,
    given?: string | null,
  ): Promise<string> {
    if (given) return given;
    const id =
      aideId === undefined && conversationId
        ? (await this.conversations.get(owner, conversationId)).aideId
        : aideId;
    if (!id) throw new ToolError('There is no aide here: name one by aideId.');
    return id;
  }
}

function partOf(state: object, path: string): unknown {
  const found = valueAt(state, path);
  if (!found) throw new ToolError('The state has nothing at this path.');
  if (jsonSize(found.value) <= MAX_RESULT) return found.value;
  const keys = Object.keys(found.value as object)
    .slice(0, 50)
    .map((key) => key.slice(0, 64));
  throw new ToolError(
    `This is too much to read at once: read parts of it by path. Its keys: ${keys.join(', ')}`,
  );
}
