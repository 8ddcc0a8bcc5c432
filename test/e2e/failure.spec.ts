/** What breaks a start: each is told in the window, and the machine is back in Stopped. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fakeQemuEnvironment, fakeQemuPath } from '../fakes/fake-qemu.ts';
import { NanduApp, type AppOptions } from '../support/app.ts';
import { temporaryDirectory } from '../support/folders.ts';

/** Starts a machine that cannot start and returns what the window then says. */
async function failedStart(options: AppOptions): Promise<string> {
  const app = await NanduApp.start(options);
  try {
    await app.createMachine({ Name: 'doomed' });
    await app.button('Start').first().click();
    await app.page
      .getByText(/could not start|did not start|cannot start|failed/i)
      .first()
      .waitFor();
    await app.waitForState('Stopped');
    await app.openTab('Overview');
    return (
      (await app.page.getByRole('main').innerText()) + (await app.page.locator('body').innerText())
    );
  } finally {
    await app.close();
  }
}

describe('a start that fails', () => {
  it('shows QEMU’s own last lines when it dies at once', async () => {
    const said = await failedStart({
      env: {
        NANDU_QEMU: fakeQemuPath,
        ...fakeQemuEnvironment({
          ...{ dieAt: 'start', exitCode: 1 },
          stderr: 'qemu-system-x86_64: could not frobnicate the flux\n',
        }),
      },
    });
    expect(said).toContain('could not frobnicate the flux');
    expect(said).toContain('exit code 1');
  });

  it('says that QEMU is not installed and how to install it', async () => {
    const empty = temporaryDirectory();
    try {
      const said = await failedStart({ env: { PATH: empty, NANDU_QEMU: '' } });
      expect(said).toMatch(/qemu-system-x86_64.*was not found/);
      expect(said).toContain('apt install qemu-system-x86');
    } finally {
      rmSync(empty, { recursive: true, force: true });
    }
  });

  it('says that the path of its sockets is too long', async () => {
    const base = temporaryDirectory();
    const dataDirectory = join(base, 'a-very-long-folder-name'.repeat(4));
    mkdirSync(dataDirectory, { recursive: true });
    try {
      expect(await failedStart({ dataDirectory })).toMatch(/Linux allows 107/);
    } finally {
      rmSync(base, { recursive: true, force: true });
    }
  });

  it.skipIf(process.getuid?.() !== 0)(
    'says that the disk is full (needs root to mount one)',
    async () => {
      const dataDirectory = temporaryDirectory();
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m,mode=0700', 'tmpfs', dataDirectory]);
      try {
        const app = await NanduApp.start({ dataDirectory });
        try {
          await app.createMachine({ Name: 'doomed' });
          execFileSync('sh', [
            '-c',
            'cat /dev/zero > "$1/filler" 2>/dev/null || true',
            'sh',
            dataDirectory,
          ]);
          await app.button('Start').first().click();
          await app.page
            .getByText(/disk is full/i)
            .first()
            .waitFor();
          await app.waitForState('Stopped');
          rmSync(join(dataDirectory, 'filler'));
          await app.button('Start').first().click();
          await app.waitForState('Running');
        } finally {
          await app.close();
        }
      } finally {
        execFileSync('umount', ['--lazy', dataDirectory]);
        rmSync(dataDirectory, { recursive: true, force: true });
      }
    },
  );
});

describe('a boot that ends in a panic', () => {
  it('shows the phases that were seen, and neither shares nor a total', async () => {
    const app = await NanduApp.start();
    try {
      const line = 'rdinit=/nothing root=/dev/none';
      await app.createMachine({ Name: 'panics', 'Kernel command line': line });
      await app.openTab('Boot');
      await app.button('Boot now').click();
      await app.waitForState('Crashed');
      const table = app.page.getByRole('table', { name: 'Boot phases' });
      await expect.poll(() => table.innerText()).toMatch(/User space\s+not seen/);
      // What the kernel did until it panicked is no phase with an end, but it was seen.
      await expect.poll(() => table.innerText()).toMatch(/Kernel\s.*\sUnfinished/);
      expect(await table.innerText()).not.toMatch(/%|Share|Total/);
      await app.page.getByRole('treeitem', { name: /^Kernel: .*, unfinished, at / }).waitFor();
      await app.page.getByText('The kernel panicked before its first process ran.').waitFor();
    } finally {
      await app.close();
    }
  });
});
