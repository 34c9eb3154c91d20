import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/** The rules that keep dependencies one-way and the database behind its repository, tried on files that break them. */

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lint-'));
  cpSync('.oxlintrc.json', join(folder, '.oxlintrc.json'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function lint(file: string, code: string): string {
  const path = join(folder, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${code}\n`);
  const { stdout } = spawnSync(process.execPath, [resolve('node_modules/oxlint/bin/oxlint'), file], {
    cwd: folder,
    encoding: 'utf8',
  });
  rmSync(path);
  return stdout;
}

test.each([
  ['src/config/a.ts', `export { OwnerId } from '../auth/owner-id.js';`],
  ['src/auth/a.ts', `export { OwnerScope } from '../database/owner-scope.js';`],
  ['src/auth/a.ts', `export { Problem } from '../http/problem.js';`],
  ['src/database/a.ts', `export { Problem } from '../http/problem.js';`],
  ['src/database/migrations/a.ts', `export { Task } from '../../tasks/task.entity.js';`],
  ['src/http/a.ts', `export { TasksService } from '../tasks/tasks.service.js';`],
  ['src/tasks/a.ts', `import { Repository } from 'typeorm';\nexport const a = Repository;`],
  ['src/tasks/a.ts', `import { DataSource } from 'typeorm';\nexport const a = DataSource;`],
  ['src/tasks/a.ts', `import type { QueryRunner } from 'typeorm';\nexport type A = QueryRunner;`],
  [
    'src/tasks/a.ts',
    `import { InjectRepository } from '@nestjs/typeorm';\nexport const a = InjectRepository;`,
  ],
  ['src/tasks/a.ts', `import pg from 'pg';\nexport const a = pg;`],
  [
    'src/tasks/a.ts',
    `import { OwnerScope } from '../database/owner-scope.js';\nexport const a = OwnerScope;`,
  ],
  ['src/tasks/a.ts', `import { toOwnerId } from '../auth/owner-id.js';\nexport const a = toOwnerId;`],
  ['src/tasks/a.ts', `export { Tools } from '../chat/tools/tools.service.js';`],
  ['src/tasks/more/a.ts', `export { McpModule } from '../../channels/mcp/mcp.module.js';`],
  ['src/http/a.ts', `export { Tools } from '../chat/tools/tools.service.js';`],
  ['src/chat/a.ts', `export { McpModule } from '../channels/mcp/mcp.module.js';`],
  ['src/chat/tools/a.ts', `export { McpModule } from '../../channels/mcp/mcp.module.js';`],
  ['src/channels/mcp/a.ts', `import pg from 'pg';\nexport const a = pg;`],
  ['src/channels/mcp/a.ts', `export { toOwnerId } from '../../auth/owner-id.js';`],
  ['src/chat/a.ts', `import { DataSource } from 'typeorm';\nexport const a = DataSource;`],
])('O4: %s may not contain %s', (file, code) => {
  expect(lint(file, code)).toContain('no-restricted-imports');
});

test.each([
  ['src/tasks/a.ts', `import { Column, Entity } from 'typeorm';\nexport const a = [Column, Entity];`],
  ['src/tasks/a.ts', `import type { OwnerId } from '../auth/owner-id.js';\nexport type A = OwnerId;`],
  ['src/chat/tools/a.ts', `export { TasksService } from '../../tasks/tasks.service.js';`],
  ['src/channels/mcp/a.ts', `export { Tools } from '../../chat/tools/tools.service.js';`],
  ['src/app.module.ts', `export { ChatModule } from './chat/chat.module.js';`],
  ['src/database/a.ts', `import { DataSource } from 'typeorm';\nexport const a = DataSource;`],
  ['src/database/a.ts', `import { toOwnerId } from '../auth/owner-id.js';\nexport const a = toOwnerId;`],
])('%s may contain %s', (file, code) => {
  expect(lint(file, code)).not.toContain('no-restricted-imports');
});
