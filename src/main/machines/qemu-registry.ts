/**
 * The QEMU binaries of this host: the one that is found and those a person registered, each probed for
 * what it can do. Remembers what it found per binary; never starts a machine.
 */
import { AppError, toErrorData, type QemuFeature, type QemuInfo } from '../../shared/index.ts';
import { findQemu, inspectQemu, type QemuBinary } from '../host/index.ts';
import {
  missingFeatures,
  probeCapabilities,
  qemuCapabilitiesSchema,
  type QemuCapabilities,
} from '../qemu/index.ts';
import type { ProbeRepository } from '../store/index.ts';

/** A binary with what it can do. */
export interface KnownQemu {
  readonly binary: QemuBinary;
  /** Null when it would not tell; then it is taken to have everything, and says itself what it lacks. */
  readonly capabilities: QemuCapabilities | null;
  readonly problem: string | null;
}

/** What a binary is known to lack. */
export function missingOf({ capabilities }: KnownQemu): QemuFeature[] {
  return capabilities === null ? [] : missingFeatures(capabilities);
}

/** What {@link QemuRegistry} is built from. */
export interface QemuRegistryOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly probes: ProbeRepository;
  /** The registered paths as they are now. */
  readonly registered: () => readonly string[];
}

/** All binaries; looked at once, and again when told. */
export class QemuRegistry {
  readonly #options: QemuRegistryOptions;
  readonly #end = new AbortController();
  #looked: Promise<void> | null = null;
  #default: KnownQemu | AppError = new AppError('internal', 'QEMU was not looked for.');
  readonly #others = new Map<string, KnownQemu | AppError>();

  constructor(options: QemuRegistryOptions) {
    this.#options = options;
  }

  /** Looks once; with `again` past what was found before. */
  async look(again = false): Promise<void> {
    if (again) this.#looked = null;
    await (this.#looked ??= this.#look());
  }

  /**
   * @param path a registered binary; null for the default one.
   * @throws AppError `qemu_missing`, `qemu_failed`, `unsupported`.
   */
  async find(path: string | null): Promise<KnownQemu> {
    await this.look();
    let found = this.#found(path);
    if (found instanceof AppError) {
      // One that was missing may have been installed since.
      await this.look(true);
      found = this.#found(path);
    }
    if (found instanceof AppError) throw found;
    return found;
  }

  /** The default one as it is known now. */
  get default(): KnownQemu | AppError {
    return this.#default;
  }

  /** All for a list, the default one first. */
  list(): QemuInfo[] {
    const infos: QemuInfo[] = [];
    if (!(this.#default instanceof AppError)) infos.push(describe(this.#default));
    for (const [path, known] of this.#others) {
      if (known instanceof AppError) {
        infos.push({ path, version: '', missing: [], cpuModels: [], problem: known.message });
      } else {
        infos.push(describe(known));
      }
    }
    return infos;
  }

  dispose(): void {
    this.#end.abort();
  }

  #found(path: string | null): KnownQemu | AppError {
    if (path === null) return this.#default;
    if (!(this.#default instanceof AppError) && this.#default.binary.path === path) {
      return this.#default;
    }
    return (
      this.#others.get(path) ??
      new AppError(
        'qemu_missing',
        `The QEMU “${path}” is not registered here. Add it in Nandu’s settings, or choose another.`,
        { details: { field: 'qemuPath', path } },
      )
    );
  }

  async #look(): Promise<void> {
    const { env, registered } = this.#options;
    const known = async (binary: Promise<QemuBinary>): Promise<KnownQemu | AppError> => {
      try {
        return await this.#probe(await binary);
      } catch (error) {
        if (error instanceof AppError) return error;
        return new AppError('internal', toErrorData(error).message, { cause: error });
      }
    };
    const paths = [...new Set(registered())];
    const [found, ...others] = await Promise.all([
      known(findQemu(env)),
      ...paths.map((path) => known(inspectQemu(path))),
    ]);
    this.#default = found;
    this.#others.clear();
    paths.forEach((path, index) => {
      const other = others[index];
      if (found instanceof AppError || found.binary.path !== path) {
        if (other !== undefined) this.#others.set(path, other);
      }
    });
  }

  async #probe(binary: QemuBinary): Promise<KnownQemu> {
    const { probes } = this.#options;
    const key = `capabilities:1:${binary.fingerprint}`;
    const remembered = probes.get(key, qemuCapabilitiesSchema);
    if (remembered !== null) return { binary, capabilities: remembered, problem: null };
    try {
      const capabilities = await probeCapabilities(binary.path, this.#end.signal);
      probes.set(key, capabilities);
      return { binary, capabilities, problem: null };
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'qemu_failed') throw error;
      return { binary, capabilities: null, problem: error.message };
    }
  }
}

function describe(known: KnownQemu): QemuInfo {
  const { binary, capabilities, problem } = known;
  const missing = missingOf(known);
  return {
    path: binary.path,
    version: binary.version,
    missing,
    cpuModels: capabilities?.cpuModels.slice(0, 500) ?? [],
    problem: missing.includes('microvm')
      ? `QEMU ${binary.version} does not have the microvm machine type.`
      : problem,
  };
}
