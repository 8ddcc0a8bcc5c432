/** Set-up file of the e2e tests: each of vitest's workers has one of the displays, where there are several. */
import { testDisplays } from './test-displays.ts';

const displays = testDisplays();
const worker = Number(process.env['VITEST_POOL_ID'] ?? 1);
const own = displays[(worker - 1) % displays.length];
if (own !== undefined) process.env['DISPLAY'] = own;
