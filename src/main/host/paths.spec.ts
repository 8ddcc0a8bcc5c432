import { describe, expect, it } from 'vitest';
import { runIdSchema } from '../../shared/index.ts';
import { resolvePaths, runFiles } from './paths.ts';
import { identifyProcess, isAlive } from './process-table.ts';

const runId = runIdSchema.parse('6f9619ff-8b86-4d01-b42d-00cf4fc964ff');

describe('resolvePaths', () => {
  it('follows XDG and ignores relative values, as the specification demands', () => {
    expect(
      resolvePaths(
        { XDG_DATA_HOME: 'relative', XDG_STATE_HOME: '/s', XDG_RUNTIME_DIR: '/r' },
        '/h',
      ),
    ).toEqual({
      data: '/h/.local/share/nandu',
      state: '/s/nandu',
      runtime: '/r/nandu',
      guest: '/h/.cache/nandu/guest',
      database: '/h/.local/share/nandu/nandu.db',
      images: '/h/.local/share/nandu/images',
      machineDisks: '/h/.local/share/nandu/disks',
    });
  });

  it('puts all but the shared guest kernels under NANDU_DATA_DIR', () => {
    const paths = resolvePaths({ NANDU_DATA_DIR: '/all', XDG_STATE_HOME: '/s' }, '/h');
    expect([paths.data, paths.state, paths.runtime]).toEqual([
      '/all/data',
      '/all/state',
      '/all/run',
    ]);
    expect(paths.guest).toBe('/h/.cache/nandu/guest');
    expect(() => resolvePaths({ NANDU_DATA_DIR: 'here' }, '/h')).toThrow('absolute');
  });
});

describe('runFiles', () => {
  it('refuses a socket path that Linux would cut, and says what to do', () => {
    const paths = resolvePaths({ NANDU_DATA_DIR: `/${'long/'.repeat(20)}` }, '/h');
    expect(() => runFiles(paths, runId)).toThrow(
      /bytes long, but Linux allows 107.*NANDU_DATA_DIR/,
    );
  });
});

describe('process identity', () => {
  it('is the pid with its start time', () => {
    const own = identifyProcess(process.pid);
    expect(own).toMatchObject({ pid: process.pid });
    if (own === null) return expect.unreachable();
    expect(isAlive(own)).toBe(true);
    expect(isAlive({ ...own, startTicks: own.startTicks + 1 })).toBe(false);
    expect(identifyProcess(2 ** 22 + 1)).toBeNull();
  });
});
