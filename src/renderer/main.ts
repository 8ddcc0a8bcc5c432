/**
 * Puts the window together: styles, settings of libraries, the one component tree.
 * Holds no state and never talks to main itself.
 */
import { mount } from 'svelte';
import './ui/fonts.css';
import './ui/tokens.css';
import './ui/base.css';
import './ui/inputs.css';
import './ui/menu.css';
import App from './App.svelte';
import { measureScrollbar } from './ui/index.ts';

const target = document.getElementById('app');
if (!target) throw new Error('The page has no #app element.');

measureScrollbar();
mount(App, { target });
