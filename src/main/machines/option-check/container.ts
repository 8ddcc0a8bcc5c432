/**
 * What a machine that runs a container must have besides: Nandu's own initrd, whose agent runs the command, and
 * the port over which that agent is told what to run.
 */
import type { Finding, MachineSpec } from '../../../shared/index.ts';
import { error, mend, warning } from './finding.ts';

export function checkContainer(spec: MachineSpec): Finding[] {
  const { container } = spec;
  if (container === null) return [];
  const findings: Finding[] = [];
  if (spec.initrd.kind !== 'default') {
    findings.push(
      error(
        'container-needs-initrd',
        'initrd',
        'A container is run by the agent in Nandu’s own initrd; with another one nobody runs it.',
        mend('Take Nandu’s initrd', { initrd: { kind: 'default' } }),
      ),
    );
  }
  if (!spec.devices.agent) {
    findings.push(
      error(
        'container-needs-agent',
        'devices.agent',
        'Over the agent’s port the guest is told what to run; without it, it would wait for ever.',
        mend('Turn the agent’s port on', { 'devices.agent': true }),
      ),
    );
  }
  if (spec.kernel.kind === 'file') {
    findings.push(
      warning(
        'container-kernel-unknown',
        'kernel',
        'Nandu’s initrd has the modules of its own kernel only: this kernel must have virtio, squashfs with LZ4, overlay, and for folders 9p, built in.',
        mend('Take Nandu’s kernel', { kernel: { kind: 'default' } }),
      ),
    );
  }
  const paths = container.folders.map(({ guestPath }) => guestPath.replace(/\/+$/, ''));
  paths.forEach((path, index) => {
    if (paths.indexOf(path) === index) return;
    findings.push(
      error(
        'folder-twice',
        `container.folders.${index}.guestPath`,
        `Two folders are to be at “${path}” in the guest; one would hide the other.`,
      ),
    );
  });
  return findings;
}
