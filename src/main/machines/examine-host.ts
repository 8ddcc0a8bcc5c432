/** Gives the doctor what the machines room knows of the host. */
import type { DoctorReport } from '../../shared/index.ts';
import { runDoctor, type Paths } from '../host/index.ts';
import type { HostEnvironment } from './host-environment.ts';

/** Looks at everything anew. */
export async function examineHost(host: HostEnvironment, paths: Paths): Promise<DoctorReport> {
  await host.refresh();
  await host.probed();
  const { qemus, problems, kvm, defaultKernel } = await host.status();
  return runDoctor({
    qemu: qemus[0] ?? null,
    problems,
    kvm,
    kernel: defaultKernel,
    fence: host.fence,
    paths,
    env: process.env,
  });
}
