import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { OwnerId } from '../auth/owner-id.js';
import type { ChainEntry } from './chain-entry.entity.js';
import type { ToolCall } from './tool-call.entity.js';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

/** What stands before the first entry. It makes the chain its owner's. */
export const genesis = (owner: OwnerId): string => sha256(owner);

/** Of the call as the API answers it, canonical by RFC 8785; without `version`, which says nothing that `status` does not. */
export const digestOf = (call: ToolCall): string => {
  const { id, createdAt, conversationId, messageId, toolName, parameters } = call;
  const { status, result, durationMs, finishedAt } = call;
  const content = { id, createdAt, conversationId, messageId, toolName, parameters, status, result };
  return sha256(canonicalize({ ...content, durationMs, finishedAt })!);
};

export const hashOf = (previous: string, { id, messageId, digest }: ChainEntry): string =>
  sha256([previous, id, messageId, digest].join(':'));
