import type { Type } from '@nestjs/common';
import type { JSONSchema7 } from 'ai';
import type { OwnerId } from '../../auth/owner-id.js';

/** A tool as a model or a client is told of it. */
export interface ToolDefinition {
  name: string;
  description: string;
  inputSchema: JSONSchema7;
  /** Whether it only looks. */
  readOnly: boolean;
  /** Whether what it does cannot be taken back. */
  destructive: boolean;
}

/** For whom a tool is called, and where. */
export interface ToolContext {
  owner: OwnerId;
  conversationId?: string;
  /** The aide that tools mean where none is named; without it, that of the conversation. */
  aideId?: string | null;
}

/** What whoever calls can mend. The message is safe to show to the model and to the owner. */
export class ToolError extends Error {}

/** A tool: `input` is the DTO whose rules are those of what it is called with. */
export interface Tool<Input extends object = object> extends Omit<ToolDefinition, 'inputSchema'> {
  input: Type<Input>;
  run(context: ToolContext, input: Input): Promise<unknown>;
}

/** Lets the type of `run`'s input follow from the DTO. */
export const tool = <Input extends object>({
  readOnly = false,
  destructive = false,
  ...rest
}: Omit<Tool<Input>, 'readOnly' | 'destructive'> &
  Partial<Pick<ToolDefinition, 'readOnly' | 'destructive'>>): Tool => ({ readOnly, destructive, ...rest });
