/**
 * Measures how smoothly a history of 10,000 boots pans and zooms. Prints one JSON object as its last line;
 * exits 1 below 50 frames per second.
 */
import { measureHistoryFrames } from './boot/history-frames.ts';

const enough = 50;
const measured = await measureHistoryFrames();
const { panMany, panFew, zoom } = measured;
const ok = [panMany, panFew, zoom].every(({ perSecond }) => perSecond >= enough);
process.stdout.write(`${JSON.stringify({ name: 'history', ok, ...measured })}\n`);
process.exitCode = ok ? 0 : 1;
