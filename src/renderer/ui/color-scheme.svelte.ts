/**
 * Tells canvas code which scheme applies and what the tokens' values are; CSS needs none of this.
 * Never decides the scheme: that is nativeTheme's, in main.
 */
import { createSubscriber } from 'svelte/reactivity';

const darkQuery = matchMedia('(prefers-color-scheme: dark)');

const watchScheme = createSubscriber((update) => {
  darkQuery.addEventListener('change', update);
  return () => darkQuery.removeEventListener('change', update);
});

/** True while the dark scheme applies; reactive where it is read. */
export function isDark(): boolean {
  watchScheme();
  return darkQuery.matches;
}

/** A token's present value, for example `token('accent')`; reactive to the scheme. */
export function token(name: string): string {
  watchScheme();
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
