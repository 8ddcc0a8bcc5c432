import { expect, it } from 'vitest';
import {
  defaultContainer,
  type Container,
  type ImageConfig,
  type MachineView,
} from '../../../shared/index.ts';
import {
  commandLine,
  exitCodeText,
  forwardAddress,
  isOpenToOthers,
  resolverText,
  servedBy,
  sharedBy,
  suggestedForwards,
} from './container-words.ts';

const container = { ...defaultContainer, image: 'docker://a', digest: '' } as Container;
const config = { entrypoint: ['/entry.sh'], command: ['nginx', '-g', 'a b'] } as ImageConfig;

it('says what will run: the image’s words, or the definition’s in place of them', () => {
  const lines = [
    commandLine(container, config),
    commandLine({ ...container, command: ['ls'] }, config),
    commandLine({ ...container, entrypoint: ['sh'] }, config),
    commandLine(container, null),
    commandLine({ ...container, command: ['ls', '-l'] }, null),
    commandLine(container, { ...config, entrypoint: [], command: [] }),
  ];
  expect(lines).toEqual([
    ...["/entry.sh nginx -g 'a b'", '/entry.sh ls', 'sh', 'The image’s own', 'ls -l', 'None'],
  ]);
});

it('offers ports that the image listens on, past those of root and those that are taken', () => {
  const taken = {
    protocol: 'tcp',
    hostAddress: '127.0.0.1',
    hostPort: 8080,
    guestPort: 1,
  } as const;
  const offered = suggestedForwards(['80/tcp', '53/udp', '3000', 'x', '70000/tcp', '1'], [taken]);
  expect(
    offered.map(({ text, forward }) => [
      text,
      forward.protocol,
      forward.hostPort,
      forward.guestPort,
    ]),
  ).toEqual([
    ['80/tcp', 'tcp', 8081, 80],
    ['53/udp', 'udp', 8053, 53],
    ['3000', 'tcp', 3000, 3000],
  ]);
});

it('gives an address that can be opened here, also for a port that is open to all', () => {
  const open = { protocol: 'tcp', hostAddress: '0.0.0.0', hostPort: 8080, guestPort: 80 } as const;
  expect([forwardAddress(open), isOpenToOthers(open)]).toEqual(['127.0.0.1:8080', true]);
  expect(isOpenToOthers({ ...open, hostAddress: '127.0.0.1' })).toBe(false);
});

it('says what an exit code means', () => {
  expect([0, 7, 127, 137, 143].map((exitCode) => exitCodeText({ exitCode }))).toEqual([
    'Exit 0: it ended well',
    'Exit 7: it ended with an error',
    'Exit 127: the command was not found',
    'Exit 137: ended by SIGKILL',
    'Exit 143: ended by SIGTERM',
  ]);
  expect(exitCodeText({ exitCode: 137, outOfMemory: true })).toBe(
    'Exit 137: the guest ran out of memory',
  );
  expect(exitCodeText({})).toBeNull();
  expect([resolverText('offline'), resolverText('full')]).toEqual([
    ...['None', '10.0.2.3, which asks this computer’s resolver'],
  ]);
});

it('says how a folder reaches the guest that runs, and nothing of one that does not', () => {
  const argv = [
    'vhost-user-fs-device,chardev=folder0,tag=folder0,queue-size=1024',
    'virtio-9p-device,fsdev=folder1,mount_tag=folder1',
  ];
  const machine = (state: 'running' | 'stopped', pendingChanges: string[] = []): MachineView =>
    ({ state, run: { argv }, pendingChanges }) as unknown as MachineView;
  const ways = (view: MachineView): unknown[] => [0, 1, 2].map((index) => sharedBy(view, index));
  expect(ways(machine('running', ['memoryMiB']))).toEqual(['virtiofs', '9p', null]);
  expect(ways(machine('stopped'))).toEqual([null, null, null]);
  expect(ways(machine('running', ['container.folders']))).toEqual([null, null, null]);
});

it('says what a port costs where passt serves the network', () => {
  expect(servedBy({ servedByPasst: true })).toMatch(/^Served by passt: /);
  expect(servedBy({ servedByPasst: false })).toBeNull();
});
