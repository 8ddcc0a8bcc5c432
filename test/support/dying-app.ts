/** A program: an “app” on the data folder that it is given, which begins to start a fenced machine and waits to be killed. */
import { Services } from './services.ts';

const [, , folder = ''] = process.argv;
const services = await Services.open(folder);
const { id } = await services.manager.create(services.spec({ network: 'internet' }));
services.manager.start(id).catch((error: unknown) => console.error(error));
