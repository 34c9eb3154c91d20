import { createMCPClient } from '@ai-sdk/mcp';
import {
  Client as NewClient,
  StreamableHTTPClientTransport as NewTransport,
} from '@modelcontextprotocol/client';
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as OldTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

/** What the tests ask of any client of MCP. */
export interface McpClient {
  names(): Promise<string[]>;
  call(name: string, input: Record<string, unknown>): Promise<{ text: string; isError: boolean }>;
  close(): Promise<void>;
}

type Connect = (url: string, headers: Record<string, string>) => Promise<McpClient>;

interface Result {
  content?: unknown;
  isError?: unknown;
}

const INFO = { name: 'test', version: '1' };
const outcome = ({ content, isError }: Result) => ({
  text: (content as { text: string }[])[0]!.text,
  isError: isError === true,
});

const newClient =
  (mode: 'legacy' | 'auto' | { pin: string }): Connect =>
  async (url, headers) => {
    const client = new NewClient(INFO, { versionNegotiation: { mode } });
    await client.connect(new NewTransport(new URL(url), { requestInit: { headers } }));
    return {
      names: async () => (await client.listTools()).tools.map(({ name }) => name),
      call: async (name, input) => outcome(await client.callTool({ name, arguments: input })),
      close: () => client.close(),
    };
  };

const oldClient: Connect = async (url, headers) => {
  const client = new OldClient(INFO);
  await client.connect(new OldTransport(new URL(url), { requestInit: { headers } }));
  return {
    names: async () => (await client.listTools()).tools.map(({ name }) => name),
    call: async (name, input) => outcome((await client.callTool({ name, arguments: input })) as Result),
    close: () => client.close(),
  };
};

const aiSdk: Connect = async (url, headers) => {
  const client = await createMCPClient({ transport: { type: 'http', url, headers } });
  const tools = await client.tools();
  return {
    names: async () => Object.keys(tools),
    call: async (name, input) =>
      outcome((await tools[name]!.execute(input, { toolCallId: 'x', messages: [], context: {} })) as Result),
    close: () => client.close(),
  };
};

/** Real clients, by the revision of the protocol that they speak. */
export const CLIENTS: Record<string, Connect> = {
  '@modelcontextprotocol/sdk 1 (2025)': oldClient,
  '@modelcontextprotocol/client 2 (2025)': newClient('legacy'),
  '@modelcontextprotocol/client 2 (2026)': newClient({ pin: '2026-07-28' }),
  '@modelcontextprotocol/client 2 (whichever)': newClient('auto'),
  '@ai-sdk/mcp': aiSdk,
};
