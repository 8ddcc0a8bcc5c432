/**
 * Owns the switches that tell the fake how to misbehave (`NANDU_FAKE_QEMU`, JSON).
 * Must never ignore a switch it does not know: a test that misspells one would prove nothing.
 */

/** The environment variable that holds the JSON. */
export const behaviourVariable = 'NANDU_FAKE_QEMU';

/** @typedef {import('../fake-qemu.ts').FakeQemuBehaviour} FakeQemuBehaviour */

/** @param {unknown} value */
const yes = (value) => typeof value === 'boolean';
/** @param {unknown} value */
const natural = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
const oneOf =
  (/** @type {unknown[]} */ ...words) =>
  (/** @type {unknown} */ value) =>
    words.includes(value);
/** @param {unknown} value */
const names = (value) =>
  Array.isArray(value) && value.every((name) => typeof name === 'string' && name !== '');
/** @param {unknown} value */
const after = (value) =>
  typeof value === 'object' &&
  value !== null &&
  Object.keys(value).join() === 'afterMs' &&
  'afterMs' in value &&
  natural(value.afterMs);

/**
 * Each switch with what it may be. `afterMs` counts from the guest's first instruction.
 * @type {Record<keyof FakeQemuBehaviour, (value: unknown) => boolean>}
 */
const switches = {
  /** Where it dies; with `exitCode` (default 1) or by `signal`, after printing `stderr`. */
  dieAt: (value) =>
    oneOf('start', 'greeting', 'mid-greeting', 'query-machines', 'after-cont')(value) ||
    after(value),
  exitCode: (value) => natural(value) && Number(value) <= 255,
  signal: (value) => typeof value === 'string' && /^SIG[A-Z0-9]+$/.test(value),
  stderr: (value) => typeof value === 'string',
  /** Where it stops answering; `start` opens no socket at all, `help` prints no help. */
  hangAt: oneOf('start', 'help', 'greeting', 'capabilities', 'query-machines', 'cont', 'quit'),
  /** The guest does not react to the power button, nor to the agent's "poweroff". */
  ignorePowerdown: yes,
  /** `quit` is answered and has no effect. */
  ignoreQuit: yes,
  ignoreSigterm: yes,
  /** Monitor and console are written byte by byte. */
  splitUtf8: yes,
  /** So many bytes of console output between the two marks. */
  floodBytes: natural,
  /** The guest reaches user space and gets no further: no ready mark, no agent. */
  neverReady: yes,
  /** The guest has no agent: nobody opens its port. */
  noAgent: yes,
  panic: after,
  /** `query-uuid` answers another one. */
  wrongUuid: yes,
  /** Garbage in place of the greeting (`true` or "greeting"), or after `cont`. */
  garbageQmp: (value) => yes(value) || oneOf('greeting', 'after-cont')(value),
  /** Hangs up on the monitor's client so long after negotiation, and lives on. */
  closeQmpAfterMs: natural,
  /** What it says it is; default 7.2.22. */
  version: (value) => typeof value === 'string' && /^\d+\.\d+\.\d+$/.test(value),
  /** Machine types, properties, devices, … (fake-qemu/capabilities.mjs) that it does not name. */
  lacks: names,
  /** What it answers to these commands in place of the truth. */
  answers: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  /** Where `-L help` says that its firmware lies; default nowhere. */
  dataFolder: (value) => typeof value === 'string' && value.startsWith('/'),
  /** Misbehaves also when it is only asked what it can do, not just as a machine. */
  alsoWhenAsked: yes,
};

/**
 * What is left of a behaviour for a QEMU that is only asked: who it is, not how it fails as a machine.
 * @param {FakeQemuBehaviour} behaviour
 * @returns {FakeQemuBehaviour}
 */
export function whenAsked(behaviour) {
  if (behaviour.alsoWhenAsked === true) return behaviour;
  const identity = ['version', 'lacks', 'answers', 'dataFolder'];
  return Object.fromEntries(Object.entries(behaviour).filter(([name]) => identity.includes(name)));
}

/**
 * @param {string | undefined} text the variable's value.
 * @returns {FakeQemuBehaviour} only what was given.
 * @throws Error for JSON that is none, unknown switches and wrong values.
 */
export function parseBehaviour(text) {
  if (text === undefined || text === '') return {};
  /** @type {unknown} */
  let value;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`not JSON: ${String(error)}`, { cause: error });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error('not an object');
  }
  for (const [name, setting] of Object.entries(value)) {
    const allows = Object.hasOwn(switches, name)
      ? switches[/** @type {keyof FakeQemuBehaviour} */ (name)]
      : null;
    if (allows === null) throw new Error(`unknown switch "${name}"`);
    if (!allows(setting)) throw new Error(`"${name}" may not be ${JSON.stringify(setting)}`);
  }
  return value;
}
