import { expect, it } from 'vitest';
import { z } from 'zod';
import { defaultSettings, type Settings } from '../../shared/index.ts';
import { ProbeRepository } from './probe-repository.ts';
import { SettingsRepository } from './settings-repository.ts';
import { temporaryDatabase } from './temporary-database.ts';

it('keeps settings, and falls back to defaults with a report', () => {
  const { database, problems } = temporaryDatabase();
  const settings = new SettingsRepository(database);
  expect(settings.get()).toEqual(defaultSettings);
  const chosen: Settings = {
    ...{ theme: 'light', parting: 'keep', sharedFolders: '9p', doctorSeen: true },
    qemuPaths: ['/opt/qemu/bin/qemu-system-x86_64'],
  };
  settings.set({ ...chosen, theme: 'dark' });
  settings.set(chosen);
  expect(settings.get()).toEqual(chosen);
  const store = database.connection.prepare('UPDATE settings SET value = ?');
  store.run('{}'); // from before there were themes
  expect([settings.get(), problems]).toEqual([defaultSettings, []]);
  store.run('{"theme":"dark"}'); // from before there was anything else
  expect([settings.get(), problems]).toEqual([{ ...defaultSettings, theme: 'dark' }, []]);
  store.run('{"theme":"plaid"}');
  expect(settings.get()).toEqual(defaultSettings);
  expect(problems).toEqual([
    { table: 'settings', id: '1', message: expect.stringContaining('theme') },
  ]);
});

it('keeps probe results by their key', () => {
  const { database, problems } = temporaryDatabase();
  const probes = new ProbeRepository(database);
  const schema = z.object({ works: z.boolean() });
  expect(probes.get('kvm', schema)).toBeNull();
  probes.set('kvm', { works: false });
  probes.set('kvm', { works: true }, 5000);
  expect(probes.get('kvm', schema)).toEqual({ works: true });
  expect(probes.get('other', schema)).toBeNull();
  expect(probes.get('kvm', z.string())).toBeNull();
  expect(problems).toMatchObject([{ table: 'probes', id: 'kvm' }]);
});
