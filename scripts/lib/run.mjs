/** Runs programs: with their output shown, or with their output captured. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { SetupFailure } from './failure.mjs';

const MAX_CAPTURED_CHARACTERS = 16 * 1024 * 1024;

/**
 * @typedef {object} RunOptions
 * @property {string} [cwd]
 * @property {NodeJS.ProcessEnv} [env]
 * @property {number} [timeoutMs] the program is killed after that
 */

/**
 * Shows the program's output and forwards signals to it.
 * @param {string} program
 * @param {readonly string[]} argv
 * @param {RunOptions} [options]
 * @returns {Promise<number>} its exit code; 128 + signal number when a signal ended it, 127 when it is missing
 */
export async function runVisibly(program, argv, options = {}) {
  const child = spawn(program, argv, { stdio: 'inherit', cwd: options.cwd, env: options.env });
  const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);
  const forward = (/** @type {NodeJS.Signals} */ signal) => void child.kill(signal);
  for (const signal of signals) process.on(signal, forward);
  const timer = options.timeoutMs && setTimeout(() => child.kill('SIGKILL'), options.timeoutMs);
  try {
    return await exitCode(child, program);
  } finally {
    if (timer) clearTimeout(timer);
    for (const signal of signals) process.off(signal, forward);
  }
}

/**
 * Captures the program's output.
 * @param {string} program
 * @param {readonly string[]} argv
 * @param {RunOptions} [options]
 * @returns {Promise<{ code: number, stdout: string, stderr: string }>}
 */
export async function capture(program, argv, options = {}) {
  const child = spawn(program, argv, {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: options.cwd,
    env: options.env,
    timeout: options.timeoutMs,
    killSignal: 'SIGKILL',
  });
  const output = { stdout: '', stderr: '' };
  for (const name of /** @type {const} */ (['stdout', 'stderr'])) {
    child[name].setEncoding('utf8').on('data', (text) => {
      if (output[name].length < MAX_CAPTURED_CHARACTERS) output[name] += text;
    });
  }
  return { code: await exitCode(child, program), ...output };
}

/**
 * Like {@link capture}, but any exit code other than 0 is a failure.
 * @param {string} what for the message, as in "Unpacking Electron"
 * @param {string} program
 * @param {readonly string[]} argv
 * @param {RunOptions} [options]
 * @returns {Promise<string>} standard output
 */
export async function mustRun(what, program, argv, options = {}) {
  const { code, stdout, stderr } = await capture(program, argv, options);
  if (code === 0) return stdout;
  const lastLines = `${stdout}\n${stderr}`.trim().split('\n').slice(-15).join('\n');
  throw new SetupFailure(`${what} failed: ${program} ended with code ${code}.\n${lastLines}`);
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @param {string} program
 * @returns {Promise<number>}
 */
function exitCode(child, program) {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => {
      if ('code' in error && error.code === 'ENOENT') resolve(127);
      else reject(new SetupFailure(`${program} cannot be started: ${error.message}`));
    });
    child.once('close', (code, signal) => {
      resolve(code ?? 128 + (signal ? constants.signals[signal] : 0));
    });
  });
}
