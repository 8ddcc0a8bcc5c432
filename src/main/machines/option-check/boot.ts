/**
 * What the measuring of a boot takes: Nandu's own init looks for a listening port, and sends the kernel's log.
 */
import type { Finding, MachineSpec } from '../../../shared/index.ts';
import { mend, warning } from './finding.ts';

/** What is asked of Nandu's init, which hears of it by Nandu's kernel options. */
export function checkBootSigns(spec: MachineSpec): Finding[] {
  if (spec.initrd.kind === 'default' && spec.kernelDefaults) return [];
  const how = mend('Take Nandu’s initrd and kernel options', {
    ...{ initrd: { kind: 'default' }, kernelDefaults: true },
  });
  const needs = 'That takes Nandu’s initrd and kernel options';
  return [
    ...(spec.ready.kind === 'port'
      ? [
          warning(
            'ready-port-needs-init',
            'ready',
            `Nandu’s init tells when a program listens at a port. ${needs}; without them the machine never counts as ready.`,
            how,
          ),
        ]
      : []),
    ...(spec.bootDetail
      ? [
          warning(
            'boot-detail-needs-init',
            'bootDetail',
            `Nandu’s init sends the kernel’s log. ${needs}; without them there is none.`,
            how,
          ),
        ]
      : []),
  ];
}
