import { expect, it } from 'vitest';
import { defaultSpec, type MachineId, type MachineView } from '../../shared/index.ts';
import { freeName, inListOrder, matching } from './machine-filter.ts';

function machine(name: string, labels: string[] = []): MachineView {
  return {
    id: name as MachineId,
    spec: { ...defaultSpec, name, labels },
    createdAtMs: 0,
    state: 'stopped',
    activity: null,
    run: null,
    pendingChanges: [],
    canOpenShell: false,
    servedByPasst: false,
    canUndo: false,
    problem: null,
  };
}

const names = (machines: MachineView[]): string[] => machines.map(({ spec }) => spec.name);

it('orders names as people count', () => {
  const machines = ['machine-10', 'Zebra', 'machine-2', 'alpha'].map((name) => machine(name));
  expect(names(inListOrder(machines))).toEqual(['alpha', 'machine-2', 'machine-10', 'Zebra']);
});

it('finds every word anywhere in the name, without case and accents', () => {
  const machines = ['Web Sandbox', 'web-api', 'Ñandú lab'].map((name) => machine(name));
  expect(names(matching(machines, ''))).toHaveLength(3);
  expect(names(matching(machines, ' sand WEB '))).toEqual(['Web Sandbox']);
  expect(names(matching(machines, 'nandu'))).toEqual(['Ñandú lab']);
  expect(names(matching(machines, 'nothing'))).toEqual([]);
});

it('finds labels by plain words, and by them alone after “label:”', () => {
  const machines = [
    machine('web-api', ['Team Blue', 'prod']),
    machine('database', ['web', 'Prüfung']),
    machine('label', []),
  ];
  const found = (search: string): string[] => names(matching(machines, search));
  expect(found('web')).toEqual(['web-api', 'database']);
  expect(found('label:web')).toEqual(['database']);
  expect(found('LABEL:pruf data')).toEqual(['database']);
  expect(found('label:"team blue"')).toEqual(['web-api']);
  expect(found('label:"team b')).toEqual(['web-api']);
  expect(found('label: ')).toHaveLength(3);
  expect(found('label')).toEqual(['label']);
  expect(found('label:prod label:web')).toEqual([]);
});

it('finds machines by their state, as a whole word or after “state:”', () => {
  const machines = [
    { ...machine('web'), state: 'running' as const },
    { ...machine('stopped-clock'), state: 'crashed' as const },
    { ...machine('database', ['paused']), state: 'stopped' as const },
    { ...machine('cache'), state: 'paused' as const },
  ];
  const found = (search: string): string[] => names(matching(machines, search));
  expect(found('Running')).toEqual(['web']);
  expect(found('crashed')).toEqual(['stopped-clock']);
  expect(found('stopped')).toEqual(['stopped-clock', 'database']);
  expect(found('paused')).toEqual(['database', 'cache']);
  expect(found('state:stopped')).toEqual(['database']);
  expect(found('state:stop data')).toEqual(['database']);
  expect(found('State:"paused"')).toEqual(['cache']);
  expect(found('label:paused')).toEqual(['database']);
  expect(found('stop')).toEqual(['stopped-clock']);
  expect(found('runn')).toEqual([]);
  expect(found('state:')).toHaveLength(4);
  expect(found('state:running state:paused')).toEqual([]);
});

it('filters 500 machines in far less than a frame', () => {
  const machines = Array.from({ length: 500 }, (_, index) =>
    machine(`Maschine für Prüfung ${index}`, [`group-${index % 7}`, 'Größe L']),
  );
  const searches = ['m', 'ma', 'mas', 'label:group-3', 'prufung 49 gro', 'nothing'];
  const costMs = searches.map((search) => {
    const before = performance.now();
    matching(machines, search);
    return performance.now() - before;
  });
  // The first folds every name; the bound is wide because test hosts are slow.
  expect(Math.max(...costMs)).toBeLessThan(25);
  expect(matching(machines, 'label:group-3')).toHaveLength(71);
});

it('offers the first free name', () => {
  expect(freeName([])).toBe('machine-1');
  expect(freeName(['machine-1', 'Machine-2', 'machine-4'].map((name) => machine(name)))).toBe(
    'machine-3',
  );
});
