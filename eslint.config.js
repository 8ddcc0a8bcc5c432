import js from '@eslint/js';
import svelte from 'eslint-plugin-svelte';
import globals from 'globals';
import tseslint from 'typescript-eslint';

// The house's floors, top to bottom (see README): a room may use those below it, never beside or above.
const floors = [
  ['index'],
  ['app', 'ipc'],
  ['lab'],
  ['machines'],
  ['qemu', 'images'],
  ['qmp', 'boot', 'store', 'network', 'folders'],
  ['console', 'agent', 'host'],
];
const rooms = floors.slice(1).flat();

const roomRules = rooms.map((room) => {
  const floor = floors.findIndex((names) => names.includes(room));
  const forbidden = floors
    .slice(1, floor + 1)
    .flat()
    .filter((name) => name !== room);
  const patterns = [
    {
      regex: `^\\.\\./(${rooms.join('|')})/(?!index\\.ts$)`,
      message: 'A room is used only through its index.ts.',
    },
    { regex: '^(\\.\\./)+(renderer|preload)/', message: 'Main does not know the page.' },
  ];
  if (forbidden.length > 0) {
    patterns.push({
      regex: `^\\.\\./(${forbidden.join('|')})/`,
      message: `“${room}” may only use rooms on floors below it.`,
    });
  }
  if (room !== 'app' && room !== 'ipc') {
    patterns.push({
      regex: '^electron$',
      message: 'Only app/, ipc/ and preload/ import electron.',
    });
  }
  return {
    files: [`src/main/${room}/**/*.ts`],
    rules: { 'no-restricted-imports': ['error', { patterns }] },
  };
});

export default tseslint.config(
  { ignores: ['node_modules/', 'out/', 'test-results/', '.cache/'] },
  js.configs.recommended,
  ...tseslint.configs.strict,
  ...tseslint.configs.stylistic,
  ...svelte.configs.recommended,
  {
    languageOptions: { globals: globals.node },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/explicit-module-boundary-types': 'error',
      '@typescript-eslint/consistent-type-definitions': 'off',
    },
  },
  {
    files: ['**/*.{js,mjs}'],
    rules: { '@typescript-eslint/explicit-module-boundary-types': 'off' },
  },
  {
    files: ['src/shared/**/*.ts'],
    ignores: ['**/*.spec.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ regex: '^(?!zod$|\\./)', message: 'The contract imports only zod.' }] },
      ],
    },
  },
  {
    files: ['src/renderer/**/*.{ts,svelte}'],
    languageOptions: {
      globals: globals.browser,
      parserOptions: { parser: tseslint.parser, extraFileExtensions: ['.svelte'] },
    },
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            { regex: '^(electron|node:.*)$', message: 'The page has neither Node nor Electron.' },
            { regex: '/main/|/preload/', message: 'The page knows main only through src/shared.' },
            {
              regex:
                '^\\.\\./(api|boot|console|host|machines|settings|ui)/(?!index\\.ts$)(?!.*\\.css$)',
              message: 'A neighbour is used only through its index.ts.',
            },
          ],
        },
      ],
      'no-restricted-properties': [
        'error',
        { object: 'window', property: 'nandu', message: 'Only api/ touches window.nandu.' },
      ],
    },
  },
  { files: ['src/renderer/api/**/*.ts'], rules: { 'no-restricted-properties': 'off' } },
  ...roomRules,
);
