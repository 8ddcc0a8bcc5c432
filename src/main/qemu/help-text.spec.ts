import { describe, expect, it } from 'vitest';
import { foldersIn, netdevsIn, printedBy, propertiesIn } from './help-text.ts';

describe('help text', () => {
  it('reads properties as QEMU 6.0 and later print them, and as those before did', () => {
    const now = [
      'microvm-machine options:',
      '  acpi=<OnOffAuto>       - Enable ACPI',
      '  x-option-roms=<bool>   - Set off=1 to disable loading option ROMs',
      '  memory-backend=<link<memory-backend>> - Set RAM backendValid value is ID',
      '',
    ];
    const before = ['microvm.acpi=OnOffAuto (Enable ACPI)', 'microvm.rtc=OnOffAuto', ''];
    expect(propertiesIn(now.join('\n'))).toEqual(['acpi', 'x-option-roms', 'memory-backend']);
    expect(propertiesIn(before.join('\n'))).toEqual(['acpi', 'rtc']);
    expect(propertiesIn('')).toEqual([]);
  });

  it('reads networks and folders', () => {
    const netdevs = 'Available netdev backend types:\nsocket\nvhost-user\nuser\n\n';
    expect(netdevsIn(netdevs)).toEqual(['socket', 'vhost-user', 'user']);
    const folders = '/usr/bin/../share/qemu\nrelative\n  /usr/share/seabios\n/with\0nul\n';
    expect(foldersIn(folders)).toEqual(['/usr/bin/../share/qemu', '/usr/share/seabios']);
    expect(foldersIn('/x\n'.repeat(100))).toHaveLength(32);
  });

  it('takes failure for silence, but not a program that cannot be run or never stops', async () => {
    const { signal } = new AbortController();
    const shell = (script: string): Promise<string> => printedBy('/bin/sh', ['-c', script], signal);
    expect(await shell('echo yes; echo no >&2')).toBe('yes\n');
    expect(await shell('echo yes; exit 1')).toBe('');
    expect(await shell('kill -ABRT $$')).toBe('');
    await expect(shell('yes')).rejects.toThrow('maxBuffer');
    await expect(printedBy('/nowhere', [], signal)).rejects.toThrow('ENOENT');
    await expect(printedBy('/bin/sh', [], AbortSignal.abort())).rejects.toThrow('aborted');
  });
});
