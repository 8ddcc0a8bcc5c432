/** A program: an “app” on the data folder that it is given, whose lab begins to boot with the QEMU of its environment and waits to be killed. */
import { Services } from './services.ts';

const [, , folder = ''] = process.argv;
const services = await Services.open(folder, {
  env: { NANDU_QEMU: process.env['NANDU_QEMU'] ?? '' },
});
const spec = services.spec();
services.lab.start({
  ...{ name: 'Dying', rounds: 1, warmUps: 0 },
  variants: [{ name: 'one', board: 'microvm', spec }],
});
