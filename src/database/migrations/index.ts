import { Foundation1764000000001 } from './1764000000001-foundation.js';
import { Users1764000000002 } from './1764000000002-users.js';
import { AuditLog1764000000003 } from './1764000000003-audit-log.js';
import { Aides1764000000004 } from './1764000000004-aides.js';
import { Conversations1764000000005 } from './1764000000005-conversations.js';
import { Messages1764000000006 } from './1764000000006-messages.js';
import { Tasks1764000000007 } from './1764000000007-tasks.js';
import { ToolCalls1764000000008 } from './1764000000008-tool-calls.js';
import { SignalMappings1764000000009 } from './1764000000009-signal-mappings.js';
import { Purge1764000000010 } from './1764000000010-purge.js';
import { Idempotency1764000000011 } from './1764000000011-idempotency.js';
import { RateLimits1764000000012 } from './1764000000012-rate-limits.js';
import { AideEvents1764000000013 } from './1764000000013-aide-events.js';
import { Publications1764000000014 } from './1764000000014-publications.js';
import { ToolCallChain1764000000015 } from './1764000000015-tool-call-chain.js';
import { Pairing1764000000016 } from './1764000000016-pairing.js';
import { ToolApproval1764000000017 } from './1764000000017-tool-approval.js';
import { Runs1764000000018 } from './1764000000018-runs.js';
import { SocketTickets1764000000019 } from './1764000000019-socket-tickets.js';

/** Oldest first. A new migration is a file beside these and a line here. */
export const migrations = [
  Foundation1764000000001,
  Users1764000000002,
  AuditLog1764000000003,
  Aides1764000000004,
  Conversations1764000000005,
  Messages1764000000006,
  Tasks1764000000007,
  ToolCalls1764000000008,
  SignalMappings1764000000009,
  Purge1764000000010,
  Idempotency1764000000011,
  RateLimits1764000000012,
  AideEvents1764000000013,
  Publications1764000000014,
  ToolCallChain1764000000015,
  Pairing1764000000016,
  ToolApproval1764000000017,
  Runs1764000000018,
  SocketTickets1764000000019,
];
