import { Injectable, Logger } from '@nestjs/common';
import type { CallToolResult, ListToolsResult, Server } from '@modelcontextprotocol/server';
import type { OwnerId } from '../../auth/owner-id.js';
import { ToolError } from '../../chat/tools/tool.js';
import { Tools } from '../../chat/tools/tools.service.js';
import { PROBLEMS } from '../../http/problem.js';
import { toProblem } from '../../http/problem.filter.js';
import type { McpMessage } from './mcp-message.dto.js';

const SERVER = { name: 'assistant-backend', version: '1.0.0' };

/** The tools over MCP: each request is a whole exchange, answered by JSON, in the revisions of 2025 and of 2026. */
@Injectable()
export class McpService {
  private readonly logger = new Logger(McpService.name);

  constructor(private readonly tools: Tools) {}

  /** @param request with the headers that MCP reads; its signal is that of a client who hangs up */
  async answer(owner: OwnerId, request: Request, message: McpMessage): Promise<Response> {
    const mcp = await import('@modelcontextprotocol/server'); // when it is first needed
    const server = new mcp.Server(SERVER, { capabilities: { tools: {} } });
    this.serve(owner, server, request.signal);
    const options = { parsedBody: message };
    if (!(await mcp.isLegacyRequest(request, message)))
      // Nothing changes that one could subscribe to, and no stream would be open for nothing.
      return mcp
        .createMcpHandler(() => server, { legacy: 'reject', maxSubscriptions: 0 })
        .fetch(request, options);
    const transport = new mcp.WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true });
    await server.connect(transport);
    try {
      return await transport.handleRequest(request, options);
    } finally {
      await server.close();
    }
  }

  private serve(owner: OwnerId, server: Server, hungUp: AbortSignal): void {
    server.setRequestHandler('tools/list', () => this.list());
    server.setRequestHandler('tools/call', ({ params }) => {
      hungUp.throwIfAborted();
      return this.call(owner, params.name, params.arguments);
    });
  }

  private list(): ListToolsResult {
    const tools = this.tools.definitions.map(({ name, description, inputSchema, readOnly, destructive }) => ({
      name,
      description,
      inputSchema: inputSchema as ListToolsResult['tools'][number]['inputSchema'],
      annotations: { readOnlyHint: readOnly, destructiveHint: destructive, openWorldHint: false },
    }));
    return { tools };
  }

  private async call(owner: OwnerId, name: string, input: unknown = {}): Promise<CallToolResult> {
    try {
      const result = await this.tools.call({ owner }, name, input);
      return { content: [{ type: 'text', text: JSON.stringify(result) }] };
    } catch (error) {
      return { content: [{ type: 'text', text: this.messageOf(error) }], isError: true };
    }
  }

  private messageOf(error: unknown): string {
    if (error instanceof ToolError) return error.message;
    const { code } = toProblem(error);
    if (code === 'internal_error') this.logger.error({ event: 'tool failed', error });
    return `${PROBLEMS[code][1]}.`;
  }
}
