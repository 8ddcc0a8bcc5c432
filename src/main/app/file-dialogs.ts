/**
 * The desktop's own dialogs for files. The page asks for a purpose and never learns or names a folder.
 * Reads and writes nothing itself.
 */
import { dialog, type BrowserWindow, type OpenDialogOptions } from 'electron';

/** What a file is wanted for. */
export type PickPurpose =
  'kernel' | 'initrd' | 'firmware' | 'disk' | 'qemu' | 'machine' | 'image' | 'folder';

const titles: Record<PickPurpose, string> = {
  kernel: 'Choose a kernel (bzImage or ELF)',
  initrd: 'Choose an initrd',
  firmware: 'Choose a firmware image',
  disk: 'Choose a disk image (raw or qcow2)',
  qemu: 'Choose a QEMU binary (qemu-system-x86_64)',
  machine: 'Choose a machine’s file',
  image: 'Choose an image archive (of docker save, or OCI)',
  folder: 'Choose a folder to share with the guest',
};

/** Dialogs that belong to the window while there is one. */
export class FileDialogs {
  readonly #window: () => BrowserWindow | null;

  constructor(window: () => BrowserWindow | null) {
    this.#window = window;
  }

  /** @returns an absolute path, or null when the person cancels. */
  async pick(purpose: PickPurpose): Promise<string | null> {
    const options: OpenDialogOptions = {
      title: titles[purpose],
      properties: [purpose === 'folder' ? 'openDirectory' : 'openFile'],
      ...(purpose === 'machine'
        ? { filters: [{ name: 'Machines of Nandu', extensions: ['json', 'yaml', 'yml'] }] }
        : {}),
    };
    const window = this.#window();
    const { filePaths } = await (window === null
      ? dialog.showOpenDialog(options)
      : dialog.showOpenDialog(window, options));
    return filePaths[0] ?? null;
  }

  /** @param name proposed; what a file name cannot hold is taken out. */
  async save(name: string): Promise<string | null> {
    const defaultPath = name.replaceAll(/[/\\\0]/g, '-');
    const window = this.#window();
    const { filePath } = await (window === null
      ? dialog.showSaveDialog({ defaultPath })
      : dialog.showSaveDialog(window, { defaultPath }));
    return filePath === '' ? null : filePath;
  }
}
