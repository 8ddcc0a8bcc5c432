/** An expected failure: its message says what to do, so no stack is shown. */
export class SetupFailure extends Error {
  /** @override */
  name = 'SetupFailure';
}

/**
 * Runs a script's main function; an expected failure prints its message and ends with code 1.
 * @param {() => Promise<number | void>} main resolves with the exit code
 */
export async function runMain(main) {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    console.error(error instanceof SetupFailure ? `\n${error.message}` : error);
    process.exitCode = 1;
  }
}
