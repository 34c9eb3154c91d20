import { rmSync } from 'node:fs';

export default async function stopServer() {
  const { server, folder } = globalThis.testServer;
  await server.stop();
  rmSync(server.folder, { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true });
}
