import { applyDecorators } from '@nestjs/common';
import { ApiAcceptedResponse, ApiHeader, ApiOkResponse } from '@nestjs/swagger';
import { Run } from '../runs/run.entity.js';

/** The stream of a turn. */
export const ApiStream = (description: string) =>
  ApiOkResponse({
    description,
    headers: { 'X-Vercel-AI-UI-Message-Stream': { description: '`v1`', schema: { type: 'string' } } },
    content: {
      'text/event-stream': {
        schema: { type: 'string' },
        example: 'id: 0\ndata: {"type":"start","messageId":"0199a5c0-7c1e-7000-8000-3f6f7a1b2c3d"}\n\n',
      },
    },
  });

/** 202 with the turn, or 200 with its stream. */
export const ApiTurnBegun = () =>
  applyDecorators(
    ApiAcceptedResponse({
      description: 'The turn has begun; the same request again is answered with the same turn',
      type: Run,
    }),
    ApiStream('With `Accept: text/event-stream`: the answer as it comes'),
  );

export const ApiTurnStream = () =>
  applyDecorators(
    ApiHeader({
      name: 'Last-Event-ID',
      required: false,
      description: 'The number of the chunk to go on behind; without it, from the first',
    }),
    ApiStream(
      'Until the turn is over, and then `data: [DONE]`; or until the token expires or the instance stops',
    ),
  );
