import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { backUp } from './backup.ts';
import { sessionOnly, type Cipher } from './cipher.ts';
import { MachineRepository } from './machine-repository.ts';
import { RegistryStore } from './registry-store.ts';
import { SecretStore } from './secret-store.ts';
import { aMachine, machineId, temporaryDatabase } from './temporary-database.ts';

/** A keyring, as the desktop's is: each has a key of its own, and refuses what another has encrypted. */
function keyring(): Cipher & { available: boolean } {
  const key = randomBytes(32);
  return {
    available: true,
    encrypt(text) {
      const cipher = createCipheriv('aes-256-gcm', key, Buffer.alloc(12));
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([cipher.getAuthTag(), body]);
    },
    decrypt(bytes) {
      const cipher = createDecipheriv('aes-256-gcm', key, Buffer.alloc(12));
      cipher.setAuthTag(bytes.subarray(0, 16));
      return cipher.update(bytes.subarray(16), undefined, 'utf8') + cipher.final('utf8');
    },
  };
}

const plain = 'correct horse battery staple';

it('keeps values of machines encrypted, gives them to the guest alone, and forgets them with the machine', () => {
  const { database } = temporaryDatabase();
  const machines = new MachineRepository(database);
  const [one, two] = [aMachine('one'), aMachine('two')];
  for (const machine of [one, two]) machines.create(machine);
  const cipher = keyring();
  const secrets = new SecretStore(database, cipher);
  expect(secrets.storage).toBe('desktop');
  secrets.set(one.id, { TOKEN: plain, EMPTY: '', GONE: 'x', ['__proto__']: 'own' });
  secrets.set(one.id, { GONE: null });
  secrets.set(two.id, { TOKEN: 'another' });

  const opened = new SecretStore(database, cipher); // as the next Nandu opens it
  expect(opened.names(one.id)).toEqual(['EMPTY', 'TOKEN', '__proto__'].sort());
  expect(Object.entries(opened.valuesOf(one.id)).sort()).toEqual(
    [...Object.entries({ EMPTY: '', TOKEN: plain }), ['__proto__', 'own']].sort(),
  );

  // Neither the file, nor its log, nor a backup has it.
  backUp(database, { keep: 1 });
  for (const suffix of ['', '-wal', '.backup-1']) {
    const bytes = readFileSync(`${database.path}${suffix}`);
    expect(bytes.includes(plain)).toBe(false);
  }

  machines.delete(one.id);
  secrets.forget(one.id);
  expect(database.connection.prepare('SELECT machine_id FROM machine_secrets').all()).toEqual([
    { machine_id: two.id },
  ]);
  expect(() => secrets.set(one.id, { TOKEN: plain })).toThrow(
    expect.objectContaining({ code: 'not_found' }),
  );
});

it('takes what a new keyring cannot decrypt for missing, until it is set anew', () => {
  const { database } = temporaryDatabase();
  const machine = aMachine('one');
  new MachineRepository(database).create(machine);
  new SecretStore(database, keyring()).set(machine.id, { TOKEN: plain });
  const secrets = new SecretStore(database, keyring());
  expect([secrets.names(machine.id), secrets.valuesOf(machine.id)]).toEqual([[], {}]);
  secrets.set(machine.id, { TOKEN: 'new' });
  expect(secrets.valuesOf(machine.id)).toEqual({ TOKEN: 'new' });
});

it('keeps values in memory for the session where the desktop has no secret store', () => {
  const { database } = temporaryDatabase();
  const machine = aMachine('one');
  new MachineRepository(database).create(machine);
  const secrets = new SecretStore(database, sessionOnly);
  expect(secrets.storage).toBe('session');
  secrets.set(machine.id, { TOKEN: plain, OTHER: 'x' });
  secrets.set(machine.id, { OTHER: null });
  expect([secrets.names(machine.id), secrets.valuesOf(machine.id)]).toEqual([
    ['TOKEN'],
    { TOKEN: plain },
  ]);
  expect(database.connection.prepare('SELECT * FROM machine_secrets').all()).toEqual([]);
  expect(new SecretStore(database, sessionOnly).names(machine.id)).toEqual([]);
  secrets.forget(machine.id);
  expect(secrets.names(machine.id)).toEqual([]);
  expect(() => secrets.set(machineId(), { TOKEN: plain })).toThrow(
    expect.objectContaining({ code: 'not_found', message: expect.not.stringContaining(plain) }),
  );
});

it.each([
  ['encrypted', keyring()],
  ['for the session', sessionOnly],
])('remembers logins of registries %s, and which speak plain HTTP', (_, cipher) => {
  const { database } = temporaryDatabase();
  const registries = new RegistryStore(database, cipher);
  registries.rememberLogin('ghcr.io', { user: 'me', password: plain });
  registries.rememberLogin('127.0.0.1:5000', { user: 'you', password: 'other' });
  registries.allowPlainHttp('127.0.0.1:5000');
  registries.allowPlainHttp('box:5000');
  expect(registries.list()).toEqual([
    { registry: '127.0.0.1:5000', user: 'you', plainHttp: true },
    { registry: 'box:5000', user: null, plainHttp: true },
    { registry: 'ghcr.io', user: 'me', plainHttp: false },
  ]);
  expect(registries.find('ghcr.io')).toEqual({
    login: { user: 'me', password: plain },
    plainHttp: false,
  });
  expect(registries.find('quay.io')).toEqual({ login: null, plainHttp: false });
  expect(readFileSync(`${database.path}-wal`).includes(plain)).toBe(false);
  // A keyring that is new, or none at all: nobody is remembered any more, and nothing fails.
  expect(new RegistryStore(database, keyring()).find('ghcr.io').login).toBeNull();
  registries.forget('ghcr.io');
  expect(registries.list().map(({ registry }) => registry)).toEqual(['127.0.0.1:5000', 'box:5000']);
});
