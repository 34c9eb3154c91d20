import { DEMO_OWNERS, mintToken } from './auth/mint-token.js';
import type { Config } from './config/config.js';
import type { Database } from './database/provision.js';

interface Origins {
  api: string;
  metrics: string | undefined;
}

/** What a person needs to try the service; tokens only on a development machine. */
export async function banner(config: Config, origins: Origins, database: Database): Promise<string> {
  const { api: origin, metrics } = origins;
  const lines = [
    `Assistant backend   ${origin}`,
    `Try it              ${origin}/`,
    `Swagger UI          ${origin}/docs`,
    `Model               ${model(config)}`,
  ];
  if (metrics) lines.push(`Metrics             ${metrics}/metrics`);
  if (database.embeddedIn) lines.push(`Embedded PostgreSQL ${database.embeddedIn}`);
  if (!config.demo) return lines.join('\n');
  const tokens = await Promise.all(DEMO_OWNERS.map((owner) => mintToken(config, owner)));
  for (const [i, owner] of DEMO_OWNERS.entries())
    lines.push('', `Token of ${owner}, for 12 hours:`, tokens[i]!);
  lines.push('', 'Try it:', `curl -H 'Authorization: Bearer ${tokens[0]}' ${origin}/v1/me`);
  return lines.join('\n');
}

const model = ({ MODEL_BASE_URL: url, MODEL_NAME: name }: Config) =>
  url
    ? `${name} at ${new URL(url).origin}`
    : 'stand-in, which knows a few sentences (set MODEL_BASE_URL for a real one)';
