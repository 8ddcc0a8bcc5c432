/** Nonsense in the dialog: every complaint stands at its field, and nothing is half-created. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Locator } from 'playwright-core';
import { NanduApp, type FieldLabel } from '../support/app.ts';

let app: NanduApp;
let dialog: Locator;
beforeAll(async () => {
  app = await NanduApp.start();
  await app.createMachine({ Name: 'Taken' });
});
afterAll(async () => {
  await app.close();
  expect(app.pageErrors).toEqual([]);
});
beforeEach(async () => {
  dialog = await app.openNewMachine();
  return async () => {
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    await dialog.waitFor({ state: 'hidden' });
    // Whatever was typed: there is still one machine.
    const list = app.page.getByRole('list', { name: 'Machines' });
    expect(await list.getByRole('listitem').count()).toBe(1);
  };
});

/** Fills, presses Create and returns what is said at the field. */
async function complaint(label: FieldLabel, value: string): Promise<string> {
  await app.fill(dialog, { [label]: value });
  await dialog.getByRole('button', { name: 'Create' }).click();
  const field = dialog.getByLabel(label, { exact: true });
  await expect.poll(() => field.getAttribute('aria-invalid'), { timeout: 10_000 }).toBe('true');
  expect(await field.inputValue()).toBe(value); // what was typed is never lost
  const ids = (await field.getAttribute('aria-describedby'))?.split(' ') ?? [];
  const texts = await Promise.all(
    ids.map((id) => app.page.locator(`[id="${id}"]`).textContent({ timeout: 5_000 })),
  );
  return texts.join(' ');
}

describe('the dialog refuses', () => {
  it.each<[string, FieldLabel, string, RegExp]>([
    ['an empty name', 'Name', '', /Give the machine a name/],
    ['a blank name', 'Name', '   ', /Give the machine a name/],
    ['a name of 300 characters', 'Name', 'n'.repeat(300), /at most 64 characters/],
    ['a name that exists, in other letters', 'Name', 'tAKEN', /already|taken|exists/i],
    ['1 MiB', 'Memory (MiB)', '1', /at least 32 MiB/],
    ['more memory than the host has', 'Memory (MiB)', '99999999', /This computer has \d+ MiB/],
    ['no vCPU', 'vCPUs', '0', /at least 1/],
    ['300 vCPUs', 'vCPUs', '300', /at most 288/],
    ['a kernel that is not there', 'Kernel', '/does/not/exist', /not|no /i],
    ['a relative path', 'Kernel', 'vmlinuz', /absolute/],
    ['an initrd that is not there', 'Initrd', '/does/not/exist', /no file/],
  ])('%s', async (_what, label, value, said) => {
    expect(await complaint(label, value)).toMatch(said);
  });

  it('a file that is no kernel, and a folder', async () => {
    const text = join(app.dataDirectory, 'notes.txt');
    writeFileSync(text, 'not a kernel\n'.repeat(1000));
    expect(await complaint('Kernel', text)).toMatch(/no kernel Nandu can boot.*Choose/);
    expect(await complaint('Kernel', app.dataDirectory)).toMatch(/not a|directory|folder|file/i);
  });
});
