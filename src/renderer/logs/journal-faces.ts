/**
 * How each kind of journal entry looks: its icon, its tone, and the words that a filter finds it by.
 * Never writes the message: that is main's.
 */
import ArrowLeftRight from '@lucide/svelte/icons/arrow-left-right';
import CircleAlert from '@lucide/svelte/icons/circle-alert';
import CircleCheck from '@lucide/svelte/icons/circle-check';
import CircleHelp from '@lucide/svelte/icons/circle-question-mark';
import CircleStop from '@lucide/svelte/icons/circle-stop';
import Copy from '@lucide/svelte/icons/copy';
import FileInput from '@lucide/svelte/icons/file-input';
import FileOutput from '@lucide/svelte/icons/file-output';
import FolderX from '@lucide/svelte/icons/folder-x';
import Gauge from '@lucide/svelte/icons/gauge';
import LifeBuoy from '@lucide/svelte/icons/life-buoy';
import Link from '@lucide/svelte/icons/link';
import LogOut from '@lucide/svelte/icons/log-out';
import Network from '@lucide/svelte/icons/network';
import OctagonX from '@lucide/svelte/icons/octagon-x';
import Pause from '@lucide/svelte/icons/pause';
import Pencil from '@lucide/svelte/icons/pencil';
import Play from '@lucide/svelte/icons/play';
import Plus from '@lucide/svelte/icons/plus';
import Power from '@lucide/svelte/icons/power';
import RefreshCw from '@lucide/svelte/icons/refresh-cw';
import RotateCw from '@lucide/svelte/icons/rotate-cw';
import Square from '@lucide/svelte/icons/square';
import Timer from '@lucide/svelte/icons/timer';
import Undo from '@lucide/svelte/icons/undo-2';
import Unplug from '@lucide/svelte/icons/unplug';
import Zap from '@lucide/svelte/icons/zap';
import type { Component } from 'svelte';
import type { JournalKind } from '../../shared/index.ts';

export interface JournalFace {
  icon: Component<{ size?: number; strokeWidth?: number }>;
  tone: 'plain' | 'good' | 'warn' | 'bad';
  title: string;
}

const face = (
  icon: JournalFace['icon'],
  title: string,
  tone: JournalFace['tone'] = 'plain',
): JournalFace => ({ icon, title, tone });

export const journalFaces: Record<JournalKind, JournalFace> = {
  created: face(Plus, 'Created'),
  edited: face(Pencil, 'Edited'),
  'edit-undone': face(Undo, 'Edit undone'),
  imported: face(FileInput, 'Imported'),
  cloned: face(Copy, 'Duplicated'),
  exported: face(FileOutput, 'Exported'),
  'start-asked': face(Play, 'Start'),
  'start-failed': face(CircleAlert, 'Start failed', 'bad'),
  running: face(Zap, 'Running', 'good'),
  ready: face(CircleCheck, 'Ready', 'good'),
  'boot-noted': face(Timer, 'Boot', 'warn'),
  paused: face(Pause, 'Paused', 'warn'),
  resumed: face(Play, 'Resumed'),
  'stop-asked': face(Square, 'Stop'),
  'force-stop-asked': face(OctagonX, 'Force stop', 'warn'),
  'restart-asked': face(RotateCw, 'Restart'),
  'stop-step': face(CircleStop, 'Stop step'),
  'guest-restarted': face(RefreshCw, 'Guest restarted'),
  'limits-changed': face(Gauge, 'Limits changed'),
  'ports-changed': face(ArrowLeftRight, 'Ports changed'),
  'lifetime-over': face(Timer, 'Time over'),
  crashed: face(CircleAlert, 'Crashed', 'bad'),
  ended: face(Power, 'Ended'),
  kept: face(LogOut, 'Kept running'),
  adopted: face(Link, 'Adopted'),
  lost: face(CircleHelp, 'Lost', 'bad'),
  'monitor-lost': face(Unplug, 'Monitor lost', 'warn'),
  'network-changed': face(Network, 'Network changed', 'warn'),
  'folder-lost': face(FolderX, 'Folder lost', 'bad'),
  recovered: face(LifeBuoy, 'Recovered', 'good'),
};
