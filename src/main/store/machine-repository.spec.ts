import { describe, expect, it } from 'vitest';
import { MachineRepository } from './machine-repository.ts';
import { aMachine, machineId, temporaryDatabase } from './temporary-database.ts';

const taken = expect.objectContaining({ code: 'name_taken', details: { field: 'name' } });
const missing = expect.objectContaining({ code: 'not_found' });

describe('MachineRepository', () => {
  it('lists in the order of creation, finds, changes and forgets', () => {
    const { database } = temporaryDatabase();
    const machines = new MachineRepository(database);
    const [late, early] = [aMachine('late', 2000.5), aMachine('early', 1000)];
    machines.create(late);
    machines.create(early);
    expect(machines.list()).toEqual({ machines: [early, late], problems: [] });
    machines.rename(early.id, 'Early', 3000);
    machines.updateSpec(late.id, { ...late.spec, vcpus: 4 }, 3000);
    expect([machines.find(early.id)?.spec.name, machines.find(late.id)?.spec.vcpus]).toEqual([
      'Early',
      4,
    ]);
    expect([machines.delete(early.id), machines.delete(early.id)]).toEqual([true, false]);
    expect(machines.find(early.id)).toBeNull();
    expect(() => machines.rename(early.id, 'x', 1)).toThrow(missing);
    expect(() => machines.updateSpec(machineId(), late.spec, 1)).toThrow(missing);
  });

  it.each([
    ['web', 'WEB'],
    ['Straße', 'STRAßE'],
    ['ÄRGER', 'ärger'],
    ['caf\u00e9', 'CAFE\u0301'],
    ['\u0130zmir', 'i\u0307zmir'],
    ['МАШИНА', 'машина'],
  ])('takes %s and %s for the same name', (one, other) => {
    const { database } = temporaryDatabase();
    const machines = new MachineRepository(database);
    const first = machines.create(aMachine(one));
    const second = machines.create(aMachine('another'));
    expect(() => machines.create(aMachine(other))).toThrow(taken);
    expect(() => machines.rename(second.id, other, 1)).toThrow(taken);
    expect(machines.list().machines).toEqual([first, second]);
    // Its own name is free to change its case, and free for others once it is gone.
    machines.rename(first.id, other, 1);
    machines.delete(first.id);
    machines.rename(second.id, one, 1);
  });

  it('reports rows that cannot be read, lists the others and keeps all', () => {
    const { database, problems } = temporaryDatabase();
    const machines = new MachineRepository(database);
    const [good, bad] = [aMachine('good'), aMachine('bad')];
    machines.create(good);
    machines.create(bad);
    database.connection
      .prepare("UPDATE machines SET spec = json_set(spec, '$.memoryMiB', 'much') WHERE id = ?")
      .run(bad.id);
    const listing = machines.list();
    expect(listing).toEqual({
      machines: [good],
      problems: [
        { table: 'machines', id: bad.id, message: expect.stringContaining('spec.memoryMiB') },
      ],
    });
    expect(problems).toEqual(listing.problems);
    expect(() => machines.find(bad.id)).toThrow(expect.objectContaining({ code: 'internal' }));
    expect(database.connection.prepare('SELECT count(*) FROM machines').pluck().get()).toBe(2);
  });

  it('keeps the definition before the last edit, so that it can be taken back and made again', () => {
    const { database } = temporaryDatabase();
    const machines = new MachineRepository(database);
    const { id, spec: first } = machines.create(aMachine('one'));
    const second = { ...first, vcpus: 2 };
    expect(machines.previousSpecOf(id)).toBeNull();
    machines.updateSpec(id, second, 1);
    expect(machines.find(id)).toMatchObject({ spec: second, previousSpec: first });
    machines.updateSpec(id, second, 2); // no edit
    expect(machines.previousSpecOf(id)).toEqual(first);
    machines.updateSpec(id, first, 3);
    expect(machines.list().machines).toMatchObject([{ spec: first, previousSpec: second }]);
    machines.create(aMachine('two'));
    expect(() => machines.rename(id, 'TWO', 4)).toThrow(taken);
    expect(machines.previousSpecOf(id)).toEqual(second);
    expect(() => machines.previousSpecOf(machineId())).toThrow(missing);
  });

  it('reports a previous definition that cannot be read, and lists the machine without it', () => {
    const { database, problems } = temporaryDatabase();
    const machines = new MachineRepository(database);
    const machine = machines.create(aMachine('one'));
    database.connection.prepare(`UPDATE machines SET previous_spec = '{"vcpus":"all"}'`).run();
    expect(machines.list()).toEqual({ machines: [machine], problems: [] });
    expect(problems).toEqual([
      { table: 'machines', id: machine.id, message: expect.stringContaining('previousSpec: ') },
    ]);
  });

  it('does not store a second machine with the same id, and calls that no taken name', () => {
    const { database } = temporaryDatabase();
    const machines = new MachineRepository(database);
    const machine = machines.create(aMachine('one'));
    expect(() => machines.create({ ...machine, spec: { ...machine.spec, name: 'two' } })).toThrow(
      expect.objectContaining({ code: 'SQLITE_CONSTRAINT_PRIMARYKEY' }),
    );
  });
});
