/**
 * Receives every request of the window: checks the sender, parses the input, calls a handler, wraps
 * the answer. Holds no logic of its own, and no exception ever crosses it.
 */
import { ipcMain, type WebContents } from 'electron';
import {
  AppError,
  requestNames,
  requests,
  toErrorData,
  type Reply,
  type RequestInput,
  type RequestName,
  type RequestOutput,
} from '../../shared/index.ts';
import { isTrusted } from './sender.ts';

/** One handler per channel of the table; a missing one does not compile. */
export type Handlers = {
  [N in RequestName]: (input: RequestInput<N>) => Promise<RequestOutput<N>> | RequestOutput<N>;
};

/**
 * Registers all channels.
 * @param window the only web contents that may call; null while there is none.
 * @returns ends the registration.
 */
export function routeRequests(handlers: Handlers, window: () => WebContents | null): () => void {
  for (const name of requestNames) {
    ipcMain.handle(name, (event, input: unknown) => {
      if (!isTrusted(event, window())) {
        return fail(new AppError('permission_denied', 'This page may not talk to Nandu.'));
      }
      return answer(name, handlers, input);
    });
  }
  return () => {
    for (const name of requestNames) ipcMain.removeHandler(name);
  };
}

async function answer<N extends RequestName>(
  name: N,
  handlers: Handlers,
  input: unknown,
): Promise<Reply<RequestOutput<N>>> {
  const parsed = requests[name].input.safeParse(input);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return fail(
      new AppError('invalid_input', issue?.message ?? 'That input cannot be used.', {
        details: { field: issue?.path[0] ?? null, issues: parsed.error.issues.slice(0, 20) },
      }),
    );
  }
  try {
    return { ok: true, value: await handlers[name](parsed.data as RequestInput<N>) };
  } catch (error) {
    // An expected failure is told to the person; anything else is a defect and must be found.
    if (!(error instanceof AppError)) console.error(`${name} failed:`, error);
    return fail(error);
  }
}

function fail(error: unknown): { ok: false; error: ReturnType<typeof toErrorData> } {
  return { ok: false, error: toErrorData(error) };
}
