import { once } from 'node:events';
import { createConnection, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { rmSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterEach, expect, it } from 'vitest';
import { AgentLink } from './agent-link.ts';

const folders: string[] = [];
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A link and the guest's end of it. */
async function connect(): Promise<{ link: AgentLink; guest: Socket; received: () => string }> {
  const folder = mkdtempSync(join(tmpdir(), 'nandu-agent-'));
  folders.push(folder);
  const path = join(folder, 'agent.sock');
  const server = createServer();
  server.listen(path);
  await once(server, 'listening');
  const ours = createConnection(path);
  const [guest] = (await once(server, 'connection')) as [Socket];
  server.close();
  sockets.push(ours, guest);
  let text = '';
  guest.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return { link: new AgentLink(ours), guest, received: () => text };
}

it('holds the size back until the guest has greeted and settled, and sends the latest only', async () => {
  const { link, guest, received } = await connect();
  link.setSize(80, 24);
  guest.write('hello 1 0.5\n');
  await expect.poll(() => link.present).toBe(true);
  link.setSize(100, 30);
  await expect.poll(received, { timeout: 5_000 }).toBe('size 100 30\n');
  link.setSize(120, 40);
  await expect.poll(received).toBe('size 100 30\nsize 120 40\n');
});

it('takes neither a flood without a line end nor a wrong greeting for an agent', async () => {
  const { link, guest, received } = await connect();
  guest.write('x'.repeat(1024 * 1024));
  guest.write('\nhello 2\nhello 10 0.1\n');
  link.powerOff(5_000);
  expect(link.present).toBe(false);
  expect(received()).toBe('');
  // What was asked while it booted it hears as soon as it greets.
  guest.write('hello 1 0.1\n');
  await expect.poll(received).toBe('poweroff\n');
  expect(link.present).toBe(true);
});
