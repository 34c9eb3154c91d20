import { Injectable } from '@nestjs/common';
import { MessagesService } from '../../messages/messages.service.js';
import { tool } from './tool.js';
import { SearchMessages } from './tool-input.dto.js';

@Injectable()
export class MessageTools {
  readonly tools = [
    tool({
      name: 'search_messages',
      description:
        'Finds messages of all conversations of the user that contain a text, the newest first, with an excerpt of each.',
      input: SearchMessages,
      readOnly: true,
      run: async ({ owner }, { query, limit }) => ({
        messages: await this.messages.search(owner, query, limit),
      }),
    }),
  ];

  constructor(private readonly messages: MessagesService) {}
}
