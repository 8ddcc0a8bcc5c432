/**
 * Owns the reading of QEMU's command line, as far as Nandu uses it.
 * Must never accept an option that QEMU does not have: a typing error in Nandu's argv has to fail.
 */

/**
 * @typedef {{kind: 'stdio' | 'null'} | {kind: 'socket', path: string, logFile: string | undefined, logAppend: boolean}} ChardevSettings
 * @typedef {'machine' | 'netdev' | 'folders'} HelpTopic
 * @typedef {object} CommandLine
 * @property {boolean} version
 * @property {HelpTopic | null} help what to explain instead of starting
 * @property {boolean} machineless whether the machine type is `none`
 * @property {string} uuid all zero when none is given
 * @property {boolean} halted
 * @property {string | null} traceLog
 * @property {string | null} pidFile
 * @property {Map<string, ChardevSettings>} chardevs
 * @property {string | null} monitor a key of `chardevs`, as the next ones
 * @property {string | null} serial
 * @property {{id: string | undefined, chardev: string} | null} port
 */

/** The user's mistake, worded as QEMU does. */
export class UsageError extends Error {}

const flags = new Set(
  'nodefaults no-user-config no-reboot no-shutdown S enable-kvm nographic version h help'.split(
    ' ',
  ),
);
const options = new Set(
  (
    'display name uuid machine M accel cpu smp m kernel initrd append global chardev serial device qmp mon ' +
    'monitor sandbox trace D d msg bios drive blockdev netdev nic net object incoming pidfile action ' +
    'overcommit rtc boot fsdev runas run-with L icount add-fd'
  ).split(' '),
);

/**
 * @param {readonly string[]} args without the program.
 * @returns {CommandLine}
 * @throws {UsageError}
 */
export function parseCommandLine(args) {
  /** @type {CommandLine} */
  const result = {
    version: false,
    help: null,
    machineless: false,
    uuid: '00000000-0000-0000-0000-000000000000',
    halted: false,
    traceLog: null,
    pidFile: null,
    chardevs: new Map(),
    monitor: null,
    serial: null,
    port: null,
  };
  /** @type {{id: string, text: string}[]} */
  const uses = [];
  const rest = [...args];
  for (let text = rest.shift(); text !== undefined; text = rest.shift()) {
    const name = text.replace(/^--?/, '');
    if (!text.startsWith('-') || (!flags.has(name) && !options.has(name))) {
      throw new UsageError(`${text}: invalid option`);
    }
    if (flags.has(name)) {
      if (name === 'version') result.version = true;
      if (name === 'S') result.halted = true;
      continue;
    }
    const value = rest.shift();
    if (value === undefined) throw new UsageError(`${text}: requires an argument`);
    const usage = `${text} ${value}`;
    const use = (/** @type {string} */ id) => uses.push({ id, text: usage });
    const [head, values] = splitValue(value);
    result.help ??= helpTopic(name, value);
    if (name === 'machine' && value === 'none') result.machineless = true;
    if (name === 'uuid') {
      if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(value)) {
        throw new UsageError(`-uuid ${value}: failed to parse UUID string: wrong format`);
      }
      result.uuid = value.toLowerCase();
    } else if (name === 'D') {
      result.traceLog = value;
    } else if (name === 'pidfile') {
      result.pidFile = value;
    } else if (name === 'chardev') {
      if (values.id === undefined) throw new UsageError(`-chardev ${value}: no id given`);
      result.chardevs.set(values.id, chardev(head, values, value));
    } else if (name === 'qmp') {
      if (!head.startsWith('unix:'))
        throw new UsageError(`-qmp ${value}: the fake knows unix: only`);
      result.monitor = 'compat_monitor0';
      const path = head.slice('unix:'.length);
      result.chardevs.set(result.monitor, chardev('socket', { ...values, path }, value));
    } else if (name === 'mon') {
      if (values.mode !== 'control') continue;
      result.monitor = values.chardev ?? head;
      use(result.monitor);
    } else if (name === 'serial' && value.startsWith('chardev:')) {
      result.serial = value.slice('chardev:'.length);
      use(result.serial);
    } else if (name === 'serial' && value === 'stdio') {
      result.serial = 'serial0';
      result.chardevs.set('serial0', { kind: 'stdio' });
    } else if (name === 'device' && (head === 'virtserialport' || head === 'virtconsole')) {
      const id = values.chardev ?? '';
      use(id);
      // QEMU tells of a port's guest only when the device has an id.
      if (head === 'virtserialport') result.port = { id: values.id, chardev: id };
    }
  }
  for (const { id, text } of uses) {
    if (!result.chardevs.has(id)) throw new UsageError(`${text}: chardev "${id}" not found`);
  }
  return result;
}

/**
 * @param {string} name
 * @param {string} value
 * @returns {HelpTopic | null}
 */
function helpTopic(name, value) {
  if (name === 'L' && value === 'help') return 'folders';
  if (name === 'netdev' && value === 'help') return 'netdev';
  return name === 'machine' && value === 'microvm,help' ? 'machine' : null;
}

/**
 * `head,key=value,…`, where a doubled comma is a comma (qemu(1), "-name").
 * @param {string} value
 * @returns {[string, Partial<Record<string, string>>]}
 */
function splitValue(value) {
  const [head = '', ...rest] = value
    .replaceAll(',,', '\0')
    .split(',')
    .map((part) => part.replaceAll('\0', ','));
  const pairs = rest.map((part) => {
    const equals = part.indexOf('=');
    return equals === -1 ? [part, 'on'] : [part.slice(0, equals), part.slice(equals + 1)];
  });
  const first = head.includes('=') ? [head.split(/=(.*)/s).slice(0, 2)] : [];
  return [head, Object.fromEntries([...first, ...pairs])];
}

/**
 * @param {string} kind
 * @param {Partial<Record<string, string>>} values
 * @param {string} text
 * @returns {ChardevSettings}
 */
function chardev(kind, values, text) {
  if (kind === 'null' || kind === 'stdio') return { kind };
  if (kind !== 'socket') throw new UsageError(`-chardev ${text}: the fake knows no such backend`);
  if (values.path === undefined || values.server !== 'on' || values.wait !== 'off') {
    throw new UsageError(`-chardev ${text}: the fake wants path=…,server=on,wait=off`);
  }
  if (Buffer.byteLength(values.path) > 107) {
    throw new UsageError(
      `-chardev ${text}: UNIX socket path '${values.path}' is too long\nPath must be less than 108 bytes`,
    );
  }
  return {
    kind,
    path: values.path,
    logFile: values.logfile,
    logAppend: values.logappend === 'on',
  };
}
