/**
 * The composition root: builds every service, connects them, and takes them down in order.
 * Decides nothing that a room could decide.
 */
import { app, type BrowserWindow } from 'electron';
import type { EventName, EventPayload } from '../shared/index.ts';
import {
  applyTheme,
  askParting,
  Backups,
  beforeQuit,
  desktopCipher,
  installMenu,
  FileDialogs,
  partingQuestion,
  tellRecovery,
  whenShown,
  type GoingOn,
  type Parting,
} from './app/index.ts';
import { inspectQemu, type Paths } from './host/index.ts';
import { ImageService } from './images/index.ts';
import {
  imageHandlers,
  labHandlers,
  routeConsoles,
  routeRequests,
  runHandlers,
} from './ipc/index.ts';
import { exportExperiment, LabService } from './lab/index.ts';
import {
  examineHost,
  type ContainerSource,
  HostEnvironment,
  KeptLastWords,
  LeftDisks,
  MachineManager,
  Planner,
  RunHistory,
} from './machines/index.ts';
import {
  backUp,
  ExperimentRepository,
  JournalRepository,
  MachineRepository,
  openOrRecover,
  ProbeRepository,
  RegistryStore,
  RunRepository,
  SecretStore,
  SettingsRepository,
  WriteQueue,
} from './store/index.ts';

/**
 * Builds all services and opens them to the page, whose requests wait until then.
 * @param window the one window, which is on its way meanwhile.
 * @throws AppError where the data folder or its database cannot be used.
 */
export async function compose(paths: Paths, window: BrowserWindow): Promise<void> {
  const nativeBinding = process.env['NANDU_SQLITE_BINDING'];
  const { database, recovered } = openOrRecover({
    path: paths.database,
    ...(nativeBinding === undefined || nativeBinding === '' ? {} : { nativeBinding }),
  });
  const settings = new SettingsRepository(database);
  const files = new FileDialogs(() => window);
  const contents = (): Electron.WebContents | null =>
    window.isDestroyed() ? null : window.webContents;
  const tell = <N extends EventName>(name: N, payload: EventPayload<N>): void => {
    contents()?.send(name, payload);
  };

  const host = new HostEnvironment({
    env: process.env,
    guestDirectory: paths.guest,
    probes: new ProbeRepository(database),
    registeredQemus: () => settings.get().qemuPaths,
    sharedFolders: () => settings.get().sharedFolders,
    onChanged: (status) => tell('host:changed', status),
    moreProblems: () => manager.definitionProblems,
  });
  const complain = (error: unknown): void => console.error(error);
  const writes = new WriteQueue({
    onProblem: (label, error) => console.error(`${label} is not stored yet:`, error),
  });
  const backups = new Backups(() => backUp(database, { keep: 3 }), complain);
  const secrets = new SecretStore(database, desktopCipher);
  const images = new ImageService({
    folder: paths.images,
    registries: new RegistryStore(database, desktopCipher),
    machines: () => manager.list(),
    onListed: (list) => tell('image:listed', list),
    onProgressed: (progress) => tell('image:progressed', progress),
    onProblem: complain,
  });
  const containers: ContainerSource = {
    find: (digest) => images.rootOf(digest),
    secretsOf: (id) => secrets.valuesOf(id),
  };
  const lastWords = new KeptLastWords();
  const runs = new RunRepository(database);
  const manager: MachineManager = new MachineManager({
    ...{ paths, host, writes },
    machines: new MachineRepository(database),
    runs,
    journal: new JournalRepository(database),
    onChanged: (view) => tell('machine:changed', view),
    containers,
    onRemoved: (id, ended) => {
      secrets.forget(id);
      if (ended !== null) lastWords.keep(id, ended);
      tell('machine:removed', { id, ended });
    },
    onJournal: (entry) => tell('journal:added', entry),
    onDefinitions: () => {
      backups.soon();
      void images.announce();
    },
    onProblem: complain,
  });

  const lab = new LabService({
    ...{ paths, onProblem: complain, planner: new Planner(host, paths, containers) },
    experiments: new ExperimentRepository(database),
    onChanged: (summary) => tell('lab:changed', summary),
  });
  const leftDisks = new LeftDisks(paths, (id) => manager.get(id));
  const history = new RunHistory({
    runs,
    nameOf: (id) => manager.list().find((machine) => machine.id === id)?.spec.name ?? null,
    hostStatus: () => host.status(),
    onNoted: (run) => manager.runNoted(run),
  });

  installMenu();
  applyTheme(settings.get(), window);
  const loaded = Promise.all([manager.load(), lab.load()]);
  // Looks at tools and probes KVM, so that the first start need not wait for it, but not before the window is there.
  const shown = whenShown(window);
  void shown.then(() => host.status());

  routeRequests(
    {
      'machine:list': () => loaded.then(() => manager.list()),
      'machine:create': (spec) => manager.create(spec),
      'machine:start': ({ id }) => manager.start(id),
      'machine:stop': ({ id }) => manager.stop(id),
      'machine:force-stop': ({ id }) => manager.forceStop(id),
      'machine:pause': ({ id }) => manager.pause(id),
      'machine:resume': ({ id }) => manager.resume(id),
      'machine:restart': ({ id }) => manager.restart(id),
      'machine:check': ({ spec, id }) => manager.check(spec, id),
      'machine:update': ({ id, spec }) => manager.update(id, spec),
      'machine:undo': ({ id }) => manager.undo(id),
      'machine:clone': ({ id }) => manager.clone(id),
      'machine:command': ({ id }) => manager.command(id),
      'machine:export': async ({ id, format, includePaths }) => {
        const path = await files.save(`${manager.get(id).spec.name}.nandu.${format}`);
        if (path !== null) await manager.exportTo(id, path, format, includePaths);
        return path;
      },
      'machine:import': async () => {
        const path = await files.pick('machine');
        return path === null ? null : manager.importFrom(path);
      },
      'journal:list': ({ machineId, limit }) => manager.journal(machineId, limit),
      'log:read': ({ runId, kind }) => manager.readLog(runId, kind),
      'log:save': async ({ runId, kind }) => {
        const path = await files.save(`${kind}.log`);
        if (path !== null) await manager.saveLog(runId, kind, path);
        return path;
      },
      'doctor:run': () => examineHost(host, paths),
      'machine:last-words': () => lastWords.list(),
      'machine:dismiss-words': ({ ids }) => void lastWords.dismiss(ids),
      'machine:left-disk': ({ id }) => leftDisks.of(id),
      'machine:remove-left-disk': async ({ id }) => void (await leftDisks.remove(id)),
      'machine:delete': async ({ id, stopFirst }) => {
        await manager.remove(id, stopFirst);
        return undefined;
      },
      'run:list': ({ machineId, limit }) => manager.runs(machineId, limit),
      'host:status': () => Promise.all([loaded, shown]).then(() => host.status()),
      'host:refresh': () => host.refresh(),
      'dialog:pick-file': ({ purpose }) => files.pick(purpose),
      ...imageHandlers(images, secrets),
      ...labHandlers(lab),
      'lab:export': async ({ id, format }) => {
        const experiment = lab.get(id);
        const path = await files.save(`${experiment.plan.name}.boot-lab.${format}`);
        if (path !== null) await exportExperiment(experiment, format, path);
        return path;
      },
      ...runHandlers(history, (name) => files.save(name)),
      'settings:get': () => settings.get(),
      'settings:set': async (chosen) => {
        const before = settings.get();
        for (const path of chosen.qemuPaths) {
          if (!before.qemuPaths.includes(path)) await inspectQemu(path);
        }
        settings.set(chosen);
        applyTheme(chosen, window);
        if (String(before.qemuPaths) !== String(chosen.qemuPaths)) void host.refresh();
        return chosen;
      },
    },
    contents,
  );
  routeConsoles(manager, contents);
  if (recovered !== null) void tellRecovery(window, recovered);

  let parting: Parting | null = null;
  const goingOn = (): GoingOn => ({
    machines: manager.activeCount,
    imports: images.importCount,
    experiment: lab.goingName,
  });
  const isQuiet = (): boolean => partingQuestion(goingOn()) === null;
  window.on('close', (event) => {
    if (isQuiet() || parting !== null) return;
    event.preventDefault();
    void askParting(window, goingOn(), settings).then((answer) => {
      if (answer === null) return;
      parting = answer;
      app.quit();
    });
  });
  app.on('window-all-closed', () => app.quit());
  app.on('second-instance', () => {
    if (window.isMinimized()) window.restore();
    window.focus();
  });
  // A service manager's or a terminal's wish to end: machines go on, as they do after a crash.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      parting ??= 'keep';
      app.quit();
    });
  }
  beforeQuit(async () => {
    if (!isQuiet() && parting === null && !window.isDestroyed()) {
      parting = await askParting(window, goingOn(), settings);
      if (parting === null) return 'stay';
    }
    await lab.dispose();
    if (parting !== 'keep') await manager.stopAll();
    await manager.release();
    await host.dispose();
    images.dispose();
    writes.flush();
    backups.dispose();
    writes.dispose();
    database.close();
    return 'go';
  });
}
