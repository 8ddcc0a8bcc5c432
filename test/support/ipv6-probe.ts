/**
 * Asks a network of QEMU's for IPv6 by frames of its own, in a guest's place: the kernel that Nandu brings has no
 * IPv6, but a guest's own may have. Needs no boot.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createConnection, createServer, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { PasstSocket, startPasst, untilPasstIsGone } from '../../src/main/network/passt-process.ts';

const guest = '525400123456';
const etherTypes = { arp: '0806', ipv6: '86dd' };

/** Who has 10.0.2.2? Slirp answers that with every preset (RFC 826). */
const whoHasGateway = Buffer.from(
  `ffffffffffff${guest}${etherTypes.arp}0001080006040001${guest}0a00020f0000000000000a000202`,
  'hex',
);

/** A router solicitation from a link-local address (RFC 4861, 4.1). */
function routerSolicitation(): Buffer {
  const addresses = `fe80${'1'.padStart(28, '0')}ff02${'2'.padStart(28, '0')}`;
  const message = Buffer.from('8500000000000000', 'hex');
  const pseudo = Buffer.from(`${addresses}000000080000003a`, 'hex');
  const summed = Buffer.concat([pseudo, message]);
  let sum = 0;
  for (let at = 0; at < summed.byteLength; at += 2) sum += summed.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  message.writeUInt16BE(~sum & 0xffff, 2);
  const head = `333300000002${guest}${etherTypes.ipv6}6000000000083aff${addresses}`;
  return Buffer.concat([Buffer.from(head, 'hex'), message]);
}

/**
 * @param qemu the program.
 * @param netdev the value of `-netdev` of a network called `net0`.
 * @returns whether it answers a guest that looks for IPv6.
 * @throws Error when it answers nothing at all.
 */
export async function answersIpv6(qemu: string, netdev: string): Promise<boolean> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  // What its forwards lead to is not asked about, and their ports may be taken by the machine itself.
  const plain = netdev.replace(/,hostfwd=[^,]*/g, '');
  const child = spawn(
    qemu,
    [
      ...['-M', 'none', '-accel', 'tcg', '-nodefaults', '-display', 'none', '-netdev', plain],
      ...['-netdev', 'hubport,id=a,hubid=0,netdev=net0'],
      ...['-netdev', `socket,id=wire,connect=127.0.0.1:${port}`],
      ...['-netdev', 'hubport,id=b,hubid=0,netdev=wire'],
    ],
    { stdio: 'ignore' },
  );
  const ended = once(child, 'close');
  let wire: Socket | null = null;
  try {
    [wire] = (await once(server, 'connection', { signal: AbortSignal.timeout(10_000) })) as [
      Socket,
    ];
    return await isAnswered(wire);
  } finally {
    wire?.destroy();
    server.close();
    child.kill('SIGKILL');
    await ended;
  }
}

/**
 * The same of a passt, as Nandu starts it.
 * @param folder for its socket and what it says.
 */
export async function passtAnswersIpv6(program: string, folder: string): Promise<boolean> {
  const path = join(folder, 'net.sock');
  const socket = await PasstSocket.listen(path);
  const wire = createConnection(path);
  try {
    const connection = await socket.connected(AbortSignal.timeout(10_000));
    const setting = { forwards: [], resolver: '127.0.0.53', logPath: join(folder, 'log') };
    const passt = await startPasst(program, connection, setting, join(folder, 'said'));
    const seen = await isAnswered(wire);
    wire.destroy();
    await untilPasstIsGone(passt);
    return seen;
  } finally {
    wire.destroy();
    socket.close();
  }
}

async function isAnswered(wire: Socket): Promise<boolean> {
  const types = frames(wire);
  const send = (frame: Buffer): void => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(frame.byteLength);
    wire.write(Buffer.concat([length, frame]));
  };
  // In this order: when the second is answered, the first was seen.
  send(routerSolicitation());
  send(whoHasGateway);
  let seen = false;
  for (let type = await types.next(); type.value !== etherTypes.arp; type = await types.next()) {
    if (type.done === true) throw new Error('the network answers nothing');
    seen ||= type.value === etherTypes.ipv6;
  }
  return seen;
}

/** The types of the frames that come, each after its length (QEMU's net/socket.c). */
async function* frames(wire: Socket): AsyncGenerator<string, undefined> {
  let bytes = Buffer.alloc(0);
  wire.setTimeout(10_000, () => wire.destroy());
  for await (const chunk of wire as AsyncIterable<Buffer>) {
    bytes = Buffer.concat([bytes, chunk]);
    while (bytes.byteLength >= 4 && bytes.byteLength >= 4 + bytes.readUInt32BE(0)) {
      const end = 4 + bytes.readUInt32BE(0);
      yield bytes.toString('hex', 16, 18);
      bytes = bytes.subarray(end);
    }
  }
  return undefined;
}
