import { expect, it } from 'vitest';
import { defaultContainer, type Container, type ImageConfig } from '../../shared/index.ts';
import { commandOf, containerRecords } from './container-config.ts';

const image: ImageConfig = {
  entrypoint: ['/entry'],
  command: ['serve', '--all'],
  environment: ['PATH=/bin', 'MODE=image', 'nonsense'],
  user: 'app',
  workingDirectory: '/srv',
  stopSignal: 'SIGQUIT',
  exposedPorts: [],
};
const container = (change: Partial<Container> = {}): Container => ({
  ...defaultContainer,
  ...{ image: 'docker://docker.io/library/x:latest', digest: `sha256:${'a'.repeat(64)}` },
  ...change,
});

it.each([
  ['the image’s own', {}, ['/entry', 'serve', '--all']],
  ['another command', { command: ['sh'] }, ['/entry', 'sh']],
  ['another entrypoint, which leaves the image’s command out', { entrypoint: ['sh'] }, ['sh']],
  ['both', { entrypoint: ['a'], command: ['b'] }, ['a', 'b']],
  ['no entrypoint', { entrypoint: [], command: ['ls', ''] }, ['ls', '']],
])('executes %s', (_name, change, words) => {
  expect(commandOf(container(change), image)).toEqual(words);
});

it('refuses what names no command', () => {
  for (const command of [[], ['']]) {
    expect(() => commandOf(container({ entrypoint: [], command }), image)).toThrow(
      expect.objectContaining({ code: 'no_command' }) as Error,
    );
  }
});

it('tells the guest the image’s wishes, then the person’s, then the secrets', () => {
  const wanted = container({
    environment: [{ name: 'MODE', value: 'mine' }],
    secrets: ['TOKEN'],
    user: '1000:1000',
    folders: [{ hostPath: '/home/me', guestPath: '/data', readOnly: true }],
    storage: 'disk',
  });
  expect(
    containerRecords({ name: 'My Web', network: 'full' }, wanted, image, {
      TOKEN: 's3',
      OTHER: 'x',
    }),
  ).toEqual([
    ['argument', '/entry'],
    ['argument', 'serve'],
    ['argument', '--all'],
    ['variable', 'PATH=/bin'],
    ['variable', 'MODE=image'],
    ['variable', 'MODE=mine'],
    ['variable', 'TOKEN=s3'],
    ['user', '1000:1000'],
    ['directory', '/srv'],
    ['stop-signal', 'SIGQUIT'],
    ['hostname', 'my-web'],
    ['storage', 'disk'],
    ['folder', '9p\tfolder0\tro\t/data'],
    ['address', '10.0.2.15'],
    ['mask', '255.255.255.0'],
    ['gateway', '10.0.2.2'],
    ['nameserver', '10.0.2.3'],
  ]);
  expect(
    containerRecords({ name: 'x', network: 'offline' }, container(), image, {}).map(([key]) => key),
  ).not.toContain('address');
});

it('names the secrets whose values are gone, and no value', () => {
  const wanted = container({ secrets: ['A', 'B', 'C'] });
  expect(() =>
    containerRecords({ name: 'x', network: 'offline' }, wanted, image, { B: '' }),
  ).toThrow(
    expect.objectContaining({
      code: 'secret_missing',
      message: expect.stringContaining('“A”, “C”') as string,
    }) as Error,
  );
});
