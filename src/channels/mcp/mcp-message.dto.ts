import { ApiProperty } from '@nestjs/swagger';
import { IsIn } from 'class-validator';
import { IfGiven, JsonObject, Optional, Rule, Text } from '../../http/fields.js';

const VERSION = ['2.0'] as const;
const MAX_ID = 255; // characters

const ID = ApiProperty({
  oneOf: [{ type: 'string', maxLength: MAX_ID }, { type: 'integer' }],
  required: false,
});

/** A request or notification of MCP. */
export class McpMessage {
  /** @example '2.0' */
  @IsIn(VERSION)
  jsonrpc: (typeof VERSION)[number];

  /** Comes back with the answer; what has none is a notification, and gets none.
   * @example 1 */
  @ID
  @IfGiven()
  @Rule<McpMessage>('id', `must be a whole number or a string of at most ${MAX_ID} characters`, ({ id }) =>
    typeof id === 'string' ? id.length <= MAX_ID : Number.isSafeInteger(id),
  )
  id?: string | number;

  /** @example 'tools/list' */
  @Text(1, 100)
  method: string;

  @Optional()
  @JsonObject(256 * 1024)
  params?: Record<string, unknown>;
}

export class McpError {
  /** @example -32601 */
  code: number;
  /** @example 'Method not found' */
  message: string;
  data?: Record<string, unknown>;
}

/** A response of JSON-RPC: a result, or an error. What a tool cannot do is a result with `isError`. */
export class McpAnswer {
  /** @example '2.0' */
  jsonrpc: string;

  @ApiProperty({ oneOf: [{ type: 'string' }, { type: 'integer' }], nullable: true })
  id: string | number | null;

  /** @example { "tools": [] } */
  result?: Record<string, unknown>;

  error?: McpError;
}

/** RFC 9728. */
export class McpResource {
  /** @example 'https://api.example.com/mcp' */
  resource: string;
  /** @example 'Assistant backend' */
  resource_name: string;
  /** Who gives tokens, where JWT_ISSUER says so by a URL.
   * @example ["https://id.example.com/"] */
  authorization_servers?: string[];
  /** @example ["header"] */
  bearer_methods_supported: string[];
}
