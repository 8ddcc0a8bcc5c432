/** Gives the doctor what the machines room knows of the host. */
import type { DoctorReport } from '../../shared/index.ts';
import { runDoctor, type Paths } from '../host/index.ts';
import type { HostEnvironment } from './host-environment.ts';

/** Looks at everything anew. */
export async function examineHost(host: HostEnvironment, paths: Paths): Promise<DoctorReport> {
  await host.refresh();
  await host.probed();
  const { qemus, problems, kvm, defaultKernel } = await host.status();
  const { program, wanted, problem } = host.folderSharing;
  return runDoctor({
    qemu: qemus[0] ?? null,
    problems,
    kvm,
    kernel: defaultKernel,
    fence: host.fence,
    passt: { program: host.passt.program, problem: host.passt.problem ?? '' },
    folders: {
      program:
        program === null
          ? null
          : { path: program.path, anyoneWrites: program.kind.makers === 'anyone' },
      ...{ wanted, problem: problem ?? '' },
    },
    paths,
    env: process.env,
  });
}
