#!/usr/bin/env node
/**
 * A fake QEMU that is a real process: it has a pid, sockets, output and an end, but no guest.
 * Must never outlive a forgotten test: it ends by itself after ten minutes at the latest.
 *
 * `NANDU_FAKE_QEMU` tells it how to misbehave; see fake-qemu/behaviour.mjs.
 */
import { writeFileSync, writeSync } from 'node:fs';
import { behaviourVariable, parseBehaviour, whenAsked } from './fake-qemu/behaviour.mjs';
import { helpText } from './fake-qemu/capabilities.mjs';
import { Chardev } from './fake-qemu/chardev.mjs';
import { parseCommandLine, UsageError } from './fake-qemu/command-line.mjs';
import { Guest } from './fake-qemu/guest.mjs';
import { Machine } from './fake-qemu/machine.mjs';
import { Monitor } from './fake-qemu/monitor.mjs';

const longestLifeMs = 10 * 60_000;
/** How long the last words may take; a client that reads nothing does not keep QEMU alive. */
const flushMs = 500;
const program = 'qemu-system-x86_64';

/**
 * Written at once: nothing may be lost when the process dies right after.
 * @param {string} text
 */
const complain = (text) => writeSync(2, text);

/** @param {unknown} error */
const messageOf = (error) => (error instanceof Error ? error.message : String(error));

function readSettings() {
  try {
    const behaviour = parseBehaviour(process.env[behaviourVariable]);
    const commandLine = parseCommandLine(process.argv.slice(2));
    const isAsked = commandLine.machineless || commandLine.help !== null;
    return { behaviour: isAsked ? whenAsked(behaviour) : behaviour, commandLine };
  } catch (error) {
    if (error instanceof UsageError) complain(`${program}: ${error.message}\n`);
    else complain(`${program}: ${behaviourVariable}: ${messageOf(error)}\n`);
    return process.exit(error instanceof UsageError ? 1 : 64);
  }
}

const { behaviour, commandLine } = readSettings();

/** The death that the behaviour asks for; does not return. */
function die() {
  if (behaviour.stderr !== undefined) complain(behaviour.stderr);
  if (behaviour.signal !== undefined) {
    process.removeAllListeners(behaviour.signal);
    process.kill(process.pid, behaviour.signal);
    // A signal takes effect a moment later; nothing more may be said until then.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5_000);
  }
  process.exit(behaviour.exitCode ?? 1);
}

if (commandLine.version) {
  process.stdout.write(
    `QEMU emulator version ${behaviour.version ?? '7.2.22'} (fake)\n` +
      'Copyright (c) 2003-2022 Fabrice Bellard and the QEMU Project developers\n',
  );
} else if (behaviour.dieAt === 'start') {
  die();
} else if (commandLine.help !== null && behaviour.hangAt === 'help') {
  setTimeout(() => process.exit(1), longestLifeMs);
} else if (commandLine.help !== null) {
  const text = helpText(commandLine.help, behaviour);
  if (text === null) {
    complain(`${program}: unsupported machine type "microvm"\nUse -machine help to list them\n`);
    process.exit(1);
  }
  process.stdout.write(text);
} else {
  setTimeout(() => process.exit(1), longestLifeMs);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) {
    process.on(signal, (_name, number) => {
      if (signal === 'SIGTERM' && behaviour.ignoreSigterm === true) return;
      complain(`${program}: terminating on signal ${number} from pid ${process.ppid} (fake)\n`);
      machine.shutDown(false, 'host-signal');
    });
  }
  const machine = new Machine();
  if (commandLine.pidFile !== null) writeFileSync(commandLine.pidFile, `${process.pid}\n`);
  if (behaviour.hangAt !== 'start') await start(machine);
  else machine.once('over', () => process.exit(0));
}

/** @param {Machine} machine */
async function start(machine) {
  const { monitor, serial, port, traceLog, uuid, halted } = commandLine;
  const chardevs = new Map();
  for (const [id, settings] of commandLine.chardevs) {
    const splits = behaviour.splitUtf8 === true && (id === monitor || id === serial);
    chardevs.set(id, new Chardev(settings, splits));
  }
  const end = async () => {
    setTimeout(() => process.exit(0), flushMs);
    await Promise.all([...chardevs.values()].map((chardev) => chardev.flushed()));
    for (const chardev of chardevs.values()) chardev.remove();
    process.exit(0);
  };
  // A turn later: the answer to "quit" comes after its event.
  machine.once('over', () => setImmediate(() => void end()));
  machine.once('started', () => {
    if (typeof behaviour.dieAt === 'object') setTimeout(die, behaviour.dieAt.afterMs);
    if (behaviour.panic !== undefined) setTimeout(() => void panic(), behaviour.panic.afterMs);
  });
  const panic = async () => {
    await chardevs.get(serial)?.write('Kernel panic - not syncing: fake\r\n');
    machine.panic();
  };
  const qmp =
    monitor === null
      ? null
      : new Monitor({
          chardev: chardevs.get(monitor),
          ...{ machine, behaviour, uuid, chardevs, die },
        });
  new Guest({
    ...{ machine, behaviour, traceLog },
    console: chardevs.get(serial) ?? null,
    agent: port === null ? null : chardevs.get(port.chardev),
    port: port?.id,
    tell: (event, data) => qmp?.tell(event, data),
  });
  try {
    // The monitor comes last, as with QEMU: who can connect to it can connect to the others.
    for (const [id, chardev] of chardevs) if (id !== monitor) await chardev.open();
    await chardevs.get(monitor)?.open();
  } catch (error) {
    complain(`${program}: -chardev: Failed to bind socket: ${messageOf(error)}\n`);
    process.exit(1);
  }
  if (!halted) machine.cont();
}
