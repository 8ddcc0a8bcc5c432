/** Sets the fuses of the Electron executable named as the argument; runs with the project's Node after `npm ci`. */
import { FuseV1Options, FuseVersion, flipFuses } from '@electron/fuses';

const [executable] = process.argv.slice(2);
if (!executable) throw new Error('Usage: node set-fuses.mjs EXECUTABLE');
await flipFuses(executable, {
  version: FuseVersion.V1,
  // The snapshot that goes with it was left out.
  [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
  // Playwright drives the app through the inspector.
  [FuseV1Options.EnableNodeCliInspectArguments]: true,
});
