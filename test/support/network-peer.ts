/**
 * The other end of the world that network-world.ts makes: a neighbour and a host far away, in one namespace.
 * Run by it, as a program; ends when its standard input does.
 */
import { createConnection, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { run, standIns, standInPort } from './network-places.ts';

const server = createServer((socket) => {
  socket.on('error', () => undefined);
  socket.end(`HTTP/1.0 200 OK\r\n\r\nstand-in ${socket.localAddress}\n`);
});

/** What the server at an address answers; nothing where there is none. */
function read(host: string, port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = createConnection({ host, port, timeout: 4_000 });
    socket.write('anybody?\n'); // as network-world.ts does, and why
    let text = '';
    socket.setEncoding('utf8').on('data', (more: string) => (text += more));
    socket.once('timeout', () => socket.destroy());
    socket.once('error', () => undefined).once('close', () => resolve(text.trim()));
  });
}

const lines = createInterface({ input: process.stdin });
lines.on('line', (line) => {
  const [word, host = '', port] = line.split(' ');
  if (word === 'go') {
    run('ip', 'link', 'set', 'lo', 'up');
    for (const address of Object.values(standIns))
      run('ip', 'addr', 'add', address, 'dev', 'peer0');
    run('ip', 'link', 'set', 'peer0', 'up');
    server.listen(standInPort, '0.0.0.0', () => console.log('ready'));
  }
  if (word === 'read') void read(host, Number(port)).then((text) => console.log(`read ${text}`));
});
lines.on('close', () => process.exit());
console.log('inside');
