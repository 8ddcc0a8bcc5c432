/**
 * The terminal's colours. Dark in both schemes: guests choose their colours for dark screens.
 * Never touches a terminal.
 */
import type { ITheme } from '@xterm/xterm';

export const terminalTheme: ITheme = {
  background: '#0a0d0e',
  foreground: '#d3dce1',
  cursor: '#d3dce1',
  cursorAccent: '#0a0d0e',
  selectionBackground: '#2c4a46',
  selectionInactiveBackground: '#243834',
  scrollbarSliderBackground: '#ffffff22',
  scrollbarSliderHoverBackground: '#ffffff3a',
  scrollbarSliderActiveBackground: '#ffffff4a',
  black: '#1b2024',
  red: '#ee6a5f',
  green: '#58c9ad',
  yellow: '#e8b04a',
  blue: '#6f8dff',
  magenta: '#a98bf5',
  cyan: '#4cb9d6',
  white: '#cfd8dc',
  brightBlack: '#6d7a82',
  brightRed: '#ff8a80',
  brightGreen: '#7fdcc4',
  brightYellow: '#f4c877',
  brightBlue: '#97acff',
  brightMagenta: '#c4adff',
  brightCyan: '#7fd4ea',
  brightWhite: '#f4f8fa',
};

/** While searching, the match at hand is a selection without focus, and must stand out. */
export const searchingTheme: ITheme = { ...terminalTheme, selectionInactiveBackground: '#8a6412' };

/** How found text is marked; the addon takes #RRGGBB only. */
export const searchColors = {
  matchBackground: '#3a4a2a',
  matchOverviewRuler: '#8aa04a',
  activeMatchBackground: '#8a6412',
  activeMatchColorOverviewRuler: '#e8b04a',
};
