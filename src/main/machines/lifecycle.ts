/**
 * The one table of a machine's states. Every change of state goes through it; an illegal one throws,
 * because a state that was reached by mistake would be shown as true.
 */
import { AppError, type MachineState } from '../../shared/index.ts';

const moves: Record<MachineState, readonly MachineState[]> = {
  stopped: ['starting', 'running', 'paused'], // the last two by adoption
  // Back to stopped when the launch fails or is called off.
  starting: ['running', 'stopping', 'stopped', 'crashed'],
  running: ['paused', 'stopping', 'stopped', 'crashed'],
  paused: ['running', 'stopping', 'stopped', 'crashed'],
  stopping: ['stopped', 'crashed'],
  crashed: ['starting', 'running', 'paused'],
};

/** @throws AppError `internal` when the table does not have the move: a defect of ours. */
export function assertMove(from: MachineState, to: MachineState): void {
  if (!moves[from].includes(to)) {
    throw new AppError('internal', `A machine cannot go from ${from} to ${to}.`);
  }
}

/** Whether a machine in this state has, or is getting, a process. */
export function isActive(state: MachineState): boolean {
  return state !== 'stopped' && state !== 'crashed';
}
