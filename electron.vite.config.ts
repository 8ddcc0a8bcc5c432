import { fileURLToPath } from 'node:url';
import { svelte, vitePreprocess } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'electron-vite';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

// Targets are those of the oldest runtime that Nandu starts on (Electron 33: Chromium 130, Node 20).
export default defineConfig({
  main: {
    build: {
      target: 'node20',
      externalizeDeps: { exclude: ['zod'] },
      // What is not there need not be read and compiled before the window can be used.
      minify: true,
      rollupOptions: {
        input: { index: path('src/main/index.ts') },
        // Beside the first module, so that paths relative to a module are the same for all.
        output: { chunkFileNames: '[name].js' },
      },
    },
  },
  preload: {
    build: {
      target: 'node20',
      // A sandboxed preload must be one CommonJS file.
      rollupOptions: {
        input: { index: path('src/preload/index.ts') },
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer: {
    root: path('src/renderer'),
    plugins: [svelte({ preprocess: vitePreprocess() })],
    build: {
      target: 'chrome130',
      minify: true,
      rollupOptions: { input: { index: path('src/renderer/index.html') } },
    },
  },
});
