import { describe, expect, it } from 'vitest';
import { serverKindOf, serverWords, servesFolder } from './server-kind.ts';

/** Excerpts of what the programs print. */
const rustNew = `Launch a virtiofsd backend.
Options:
      --shared-dir <SHARED_DIR>
      --fd <FD>
      --sandbox <SANDBOX>
      --readonly
      --announce-submounts
      --log-level <LOG_LEVEL>
      --rlimit-nofile <RLIMIT_NOFILE>
      --uid-map <UID_MAP>
      --gid-map <GID_MAP>
      --translate-uid <TRANSLATE_UID>
          As opposed to '--uid-map', this mapping is done internally
      --translate-gid <TRANSLATE_GID>
`;
const rustOld = `OPTIONS:
        --cache <cache>    The caching policy
        --fd <fd>          File descriptor for the listening socket
        --sandbox <sandbox>
        --shared-dir <shared-dir>
`;
const legacy = `usage: virtiofsd [options]
    -o sandbox=namespace|chroot
    --rlimit-nofile=<num>      set maximum number of file descriptors
    -o announce_submounts  Announce sub-mount points to the guest
    -o source=PATH             shared directory tree
    --socket-path=PATH         path for the vhost-user socket
    --fd=FDNUM                 fd number of vhost-user socket
`;

describe('serverKindOf', () => {
  it('knows both families by their help, and who can make files through each', () => {
    expect(
      [rustNew, rustOld, legacy].map((help) => {
        const kind = serverKindOf(help);
        return [kind?.family, kind?.makers];
      }),
    ).toEqual([
      ['rust', 'anyone'],
      ['rust', 'nobody'],
      ['legacy', 'root'],
    ]);
    const withoutTranslation = rustNew.replaceAll(/^.*--translate.*$/gm, '');
    expect(serverKindOf(withoutTranslation)?.makers).toBe('root');
  });

  it('takes nothing else for one, nor one that cannot be handed a socket', () => {
    for (const help of ['', 'usage: cat [FILE]', legacy.replace('--fd=', '--fdx=')]) {
      expect(serverKindOf(help)).toBeNull();
    }
  });
});

describe('serverWords', () => {
  const words = (help: string, readOnly: boolean, uid = 1000): string[] => {
    const kind = serverKindOf(help);
    if (kind === null) throw new Error('no server');
    return serverWords('/bin/v', kind, { path: '/a,b\\c d', readOnly }, { uid, gid: uid + 1 });
  };

  it('uses only what the program has', () => {
    expect(words(rustOld, true)).toEqual([
      ...['/bin/v', '--fd=0', '--shared-dir=/a,b\\c d', '--sandbox=namespace', '--cache=auto'],
    ]);
    expect(words(rustNew, true).slice(5)).toEqual([
      ...['--announce-submounts', '--rlimit-nofile=0', '--log-level=error', '--readonly'],
      ...['--translate-uid=squash-guest:0:1000:4294967295'],
      ...['--translate-gid=squash-guest:0:1001:4294967295'],
    ]);
    expect(words(rustNew, false)).not.toContain('--readonly');
  });

  it('gives the person’s number to the guest’s root where the program cannot translate', () => {
    const help = rustNew.replaceAll(/^.*--translate.*$/gm, '');
    expect(words(help, false).slice(-2)).toEqual(['--uid-map=:0:1000:1:', '--gid-map=:0:1001:1:']);
    expect(words(help, false, 0).join(' ')).not.toContain('-map');
  });

  it('keeps a path whole for the older one, which parts words at commas', () => {
    expect(words(legacy, false)).toContain('source=/a\\,b\\\\c d');
  });

  it('are known again by their folder, and by nothing that is only like it', () => {
    for (const help of [rustNew, legacy]) {
      expect(servesFolder(words(help, true), '/a,b\\c d')).toBe(true);
      expect(servesFolder(words(help, true), '/a,b\\c')).toBe(false);
    }
    expect(servesFolder(['/usr/bin/bash', '-c', 'script', 'ro', '/a', '/bin/mount'], '/a')).toBe(
      true,
    );
    expect(servesFolder(['ls', '/a/b'], '/a')).toBe(false);
  });
});
