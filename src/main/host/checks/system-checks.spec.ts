import { describe, expect, it } from 'vitest';
import type { DoctorFacts, FolderSpace, RuntimeFolder } from '../facts/doctor-facts.ts';
import type { UserNamespaces } from '../facts/doctor-facts.ts';
import { formatBytes, listOf, quoted } from './check.ts';
import { checkOf, healthy, withFact } from './healthy-computer.ts';

const mebibyte = 1024 ** 2;

describe('disk-space', () => {
  const free = (...freeMiB: number[]): DoctorFacts => ({
    ...healthy,
    space: {
      known: true,
      value: (['data', 'state', 'cache'] as const).map((name, index): FolderSpace => {
        return { name, path: `/${name}`, freeBytes: (freeMiB[index] ?? 0) * mebibyte };
      }),
    },
  });

  it.each([
    [[9000, 1024, 9000], 'ok', /^1 GiB or more are free/],
    [[9000, 1023, 9000], 'limited', /^Little is free: 1023 MiB for state \(\/state\)\./],
    [[64, 9000, 500], 'limited', /64 MiB for data \(\/data\) and 500 MiB for cache/],
    [[63, 500, 9000], 'failed', /^Almost nothing is free: 63 MiB for data \(\/data\)\. Machines/],
    [[0, 0, 0], 'failed', /0 MiB for data .*, 0 MiB for state .* and 0 MiB for cache/],
  ] as const)('%j MiB', (freeMiB, result, message) => {
    expect(checkOf('disk-space', free(...freeMiB))).toEqual({
      ...{ result, message: expect.stringMatching(message) },
      // Which to delete is not Nandu's to say: the command shows where the room went.
      mend: result === 'ok' ? null : 'du -xhd 2 ~ 2>/dev/null | sort -h | tail -n 20',
    });
  });
});

describe('runtime-folder', () => {
  const elsewhere = 'NANDU_DATA_DIR="$HOME/.nandu" npm start';

  it.each<[string, Partial<RuntimeFolder>, string, RegExp, string | null]>([
    ['is to be made', { state: 'can-be-made' }, 'ok', /is made when the first machine/, null],
    ['cannot be made', { state: 'cannot-be-made' }, 'failed', /cannot be made\. Choose/, elsewhere],
    ['is read-only', { state: 'not-writable' }, 'failed', /may not write into/, elsewhere],
    ['is a file', { state: 'not-a-folder' }, 'failed', /is not a folder/, elsewhere],
    [
      'is open to others',
      { isOpenToOthers: true },
      'limited',
      /Other people may look/,
      'chmod 700 /run/user/1000/nandu',
    ],
    [
      'has an odd name',
      { isOpenToOthers: true, path: "/it's; rm -rf" },
      'limited',
      /Other people/,
      "chmod 700 '/it'\\''s; rm -rf'",
    ],
    ['is just short enough', { socketPathBytes: 107 }, 'ok', /yours alone/, null],
    ['has too long a name', { socketPathBytes: 108 }, 'failed', /108 bytes.*allows 107/, elsewhere],
  ])('%s', (_what, change, result, message, mend) => {
    expect(checkOf('runtime-folder', withFact('runtime', change))).toEqual({
      ...{ result, mend, message: expect.stringMatching(message) },
    });
  });
});

describe('user-namespaces', () => {
  const refused = { outcome: 'refused', said: 'unshare failed: Operation not permitted' } as const;
  const setting = (line: string): string =>
    `echo '${line}' | sudo tee /etc/sysctl.d/60-nandu.conf && sudo sysctl --system`;

  it.each<[string, Partial<UserNamespaces>, RegExp, string | null]>([
    [
      'Debian’s old setting',
      { ...refused, unprivilegedClone: false, maximum: 0 },
      /unprivileged_userns_clone forbids it\. Without them/,
      setting('kernel.unprivileged_userns_clone = 1'),
    ],
    [
      'Ubuntu’s AppArmor',
      { ...refused, unprivilegedClone: true, restrictedByAppArmor: true },
      /AppArmor keeps them from programs without a profile/,
      setting('kernel.apparmor_restrict_unprivileged_userns = 0'),
    ],
    [
      'a maximum of none',
      { ...refused, maximum: 0 },
      /user\.max_user_namespaces is 0/,
      setting('user.max_user_namespaces = 15000'),
    ],
    ['something else', refused, /unshare said “unshare failed: Operation not permitted”/, null],
    ['silence', { ...refused, said: '' }, /did not say why; a container/, null],
    [
      'a missing program',
      { outcome: 'no-unshare' },
      /“unshare” is not installed/,
      'sudo apt install util-linux',
    ],
  ])('explains %s', (_what, change, message, mend) => {
    expect(checkOf('user-namespaces', withFact('userNamespaces', change))).toEqual({
      ...{ result: 'limited', mend, message: expect.stringMatching(message) },
    });
  });

  it('does not let root answer for others', () => {
    const facts = withFact('person', { isRoot: true });
    expect(checkOf('user-namespaces', facts)).toMatchObject({
      ...{ result: 'ok', message: expect.stringContaining('says nothing about other users') },
    });
  });
});

describe('fenced-network', () => {
  it('says what is in the way, and how to install what is missing', () => {
    const fence = {
      problem: 'Not installed: “nft”, “slirp4netns”.',
      missing: ['nft', 'slirp4netns'],
    };
    expect(checkOf('fenced-network', { ...healthy, fence })).toEqual({
      ...{ result: 'limited', message: fence.problem },
      mend: 'sudo apt install nftables slirp4netns',
    });
    const forbidden = { problem: 'You may not.', missing: [] };
    expect(checkOf('fenced-network', { ...healthy, fence: forbidden })).toMatchObject({
      ...{ result: 'limited', mend: null },
    });
  });
});

describe('full-network', () => {
  it('says what serves it, and why it is not passt', () => {
    const messages = [healthy, { ...healthy, passt: { program: null, problem: 'Because.' } }].map(
      (facts) => checkOf('full-network', facts),
    );
    expect(messages).toEqual([
      { result: 'ok', message: '“Full” uses passt, /usr/bin/passt.', mend: null },
      { result: 'ok', message: '“Full” uses QEMU’s own network. Because.', mend: null },
    ]);
  });
});

describe('shared-folders', () => {
  const program = { path: '/v', anyoneWrites: false };
  it.each<[string, DoctorFacts['folders'], string]>([
    ['none', { program: null, wanted: 'automatic', problem: 'None is there.' }, '9p. None is'],
    ['a choice', { program, wanted: '9p', problem: '' }, 'as the settings say'],
    ['root alone', { program, wanted: 'automatic', problem: '' }, 'another user than root use 9p'],
  ])(
    'are said to be shared one way or the other, with no fault found: %s',
    (_name, folders, text) => {
      expect(checkOf('shared-folders', { ...healthy, folders })).toEqual({
        ...{ result: 'ok', mend: null, message: expect.stringContaining(text) as string },
      });
    },
  );
});

describe('memory', () => {
  it.each([
    [512, 'ok', '512 MiB of 1.5 GiB are available.'],
    [511, 'limited', '511 MiB of 1.5 GiB are available. That is enough for one small machine.'],
    [128, 'limited', '128 MiB of 1.5 GiB are available. That is enough for one small machine.'],
    [
      127,
      'failed',
      '127 MiB of 1.5 GiB are available. That is too little for a machine; end some programs.',
    ],
  ])('%i MiB', (availableMiB, result, message) => {
    const facts = withFact('memory', { availableMiB, totalMiB: 1536 });
    const mend = result === 'ok' ? null : 'ps -eo rss,pid,comm --sort=-rss | head';
    expect(checkOf('memory', facts)).toEqual({ result, message, mend });
  });
});

describe('words', () => {
  it('never shows more than there is, joins lists, and quotes for the shell', () => {
    expect(
      [0, 1023.9, 1024, 1999, 10 * 1024, 79_999].map((n) => formatBytes(n * mebibyte)),
    ).toEqual(['0 MiB', '1023 MiB', '1 GiB', '1.9 GiB', '10 GiB', '78 GiB']);
    expect([[], ['a'], ['a', 'b'], ['a', 'b', 'c']].map(listOf)).toEqual([
      ...['', 'a', 'a and b', 'a, b and c'],
    ]);
    expect(['/a-b_c.d', '/a b', "/a'b", '/$x'].map(quoted)).toEqual([
      ...['/a-b_c.d', "'/a b'", "'/a'\\''b'", "'/$x'"],
    ]);
  });
});
