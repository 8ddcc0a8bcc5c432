/**
 * The services in a process of their own, for tests that kill it: creates a machine, boots it, says so in
 * one line of JSON, and waits for its end.
 *
 * Usage: node app-process.ts DATA_DIRECTORY
 */
import { Services } from './services.ts';

const [, , dataDirectory] = process.argv;
if (dataDirectory === undefined) throw new Error('Usage: app-process.ts DATA_DIRECTORY');

const services = await Services.open(dataDirectory);
const { id } = await services.manager.create(services.spec({ quietKernel: true }));
await services.manager.start(id);
await services.untilReady(id);
process.stdout.write(`${JSON.stringify({ id })}\n`);
setInterval(() => undefined, 60_000);
