/**
 * What the doctor judges by: plain data about this computer, so that a test can make up any other.
 * Never holds a judgement.
 */
import type { ErrorData, GuestKernel, KvmStatus, QemuInfo } from '../../../shared/index.ts';
import type { Distribution } from './distribution.ts';
import type { Fact } from './fact.ts';

/** What others found out and the doctor is told. */
export interface KnownFacts {
  /** The one that machines use unless they choose another; null when there is none. */
  readonly qemu: QemuInfo | null;
  /** As in HostStatus: first the default QEMU's, if it has one, then the guest kernel's. */
  readonly problems: readonly ErrorData[];
  readonly kvm: KvmStatus;
  /** Null when set-up has prepared none; then the last of `problems` says why. */
  readonly kernel: GuestKernel | null;
  readonly fence: FenceFact;
  readonly folders: FoldersFact;
  readonly passt: PasstFact;
}

/** What serves the network “Full”. */
export interface PasstFact {
  /** Null where QEMU's own network does. */
  readonly program: string | null;
  /** Why there is none, in a sentence or more; empty when there is one. */
  readonly problem: string;
}

/** How folders are shared with guests. */
export interface FoldersFact {
  /** The virtiofsd that was seen to run; null when there is none. */
  readonly program: { readonly path: string; readonly anyoneWrites: boolean } | null;
  readonly wanted: 'automatic' | '9p';
  /** Why there is none, in a sentence or more; empty when there is one. */
  readonly problem: string;
}

/** Whether a network can be fenced in here. */
export interface FenceFact {
  /** A sentence that says what to install or allow; null when it can. */
  readonly problem: string | null;
  /** Programs that are not installed. */
  readonly missing: readonly string[];
}

export interface Person {
  /** A name that is safe within a shell command, or null. */
  readonly name: string | null;
  readonly isRoot: boolean;
}

export interface Processor {
  /** Null when it shows neither, or shows none because the firmware switched it off. */
  readonly virtualisation: 'vmx' | 'svm' | null;
  readonly vendor: 'intel' | 'amd' | 'other';
  /** Whether this computer is itself a virtual machine. */
  readonly isVirtual: boolean;
  /** Whether kvm_intel or kvm_amd is loaded. */
  readonly kvmLoaded: boolean;
}

export interface KvmDevice {
  readonly exists: boolean;
  /** The system's word for why it cannot be opened for reading and writing, or null when it can. */
  readonly openError: string | null;
  /** The group that the device belongs to, if that may use it; null otherwise, also for root's. */
  readonly group: string | null;
  /** `joined`: by /etc/group, but not yet in this session. `active`: here, or root, who needs none. */
  readonly membership: 'none' | 'joined' | 'active';
}

/** Programs beside QEMU, each with its path or null. */
export type Tools = Readonly<Record<ToolName, string | null>>;
export const toolNames = ['qemu-img', 'xz', 'lz4', 'zstd', 'skopeo', 'sqfstar', 'mke2fs'] as const;
export type ToolName = (typeof toolNames)[number];

export interface FolderSpace {
  readonly name: 'data' | 'state' | 'cache';
  readonly path: string;
  /** For this person: without what is reserved for root. */
  readonly freeBytes: number;
}

export interface RuntimeFolder {
  readonly path: string;
  readonly state: 'usable' | 'can-be-made' | 'cannot-be-made' | 'not-writable' | 'not-a-folder';
  /** Whether somebody else may look into it; false while it does not exist. */
  readonly isOpenToOthers: boolean;
  /** Of the longest socket's path in it. */
  readonly socketPathBytes: number;
}

export interface UserNamespaces {
  readonly outcome: 'work' | 'refused' | 'no-unshare';
  /** What unshare(1) said. */
  readonly said: string;
  /** Debian's kernel.unprivileged_userns_clone; null where the kernel has no such setting. */
  readonly unprivilegedClone: boolean | null;
  /** Ubuntu's kernel.apparmor_restrict_unprivileged_userns; null as above. */
  readonly restrictedByAppArmor: boolean | null;
  /** user.max_user_namespaces; null as above. */
  readonly maximum: number | null;
}

export interface Memory {
  readonly availableMiB: number;
  readonly totalMiB: number;
}

export interface DoctorFacts extends KnownFacts {
  readonly distribution: Fact<Distribution>;
  readonly person: Fact<Person>;
  readonly processor: Fact<Processor>;
  readonly kvmDevice: Fact<KvmDevice>;
  /** Files of the guest kernel that cannot be read. */
  readonly unreadableKernelFiles: Fact<readonly string[]>;
  readonly tools: Fact<Tools>;
  readonly space: Fact<readonly FolderSpace[]>;
  readonly runtime: Fact<RuntimeFolder>;
  readonly userNamespaces: Fact<UserNamespaces>;
  readonly memory: Fact<Memory>;
}
