/**
 * The typed way to ask main for something and to hear what changed.
 * The only code, with `console-stream.ts`, that may touch `window.nandu`.
 */
import {
  AppError,
  type EventName,
  type EventPayload,
  type Reply,
  type RequestInput,
  type RequestName,
  type RequestOutput,
} from '../../shared/index.ts';

/** Turns a reply into its value. @throws {AppError} with main's own code, message and details. */
export function unwrap<T>(reply: Reply<T>): T {
  if (reply.ok) return reply.value;
  const { code, message, details } = reply.error;
  throw new AppError(code, message, { details });
}

type Argument<N extends RequestName> =
  undefined extends RequestInput<N> ? [] : [input: RequestInput<N>];

/**
 * Asks main and waits for its answer.
 * @throws {AppError} what main refused, or `internal` when main could not be reached at all.
 */
export async function request<N extends RequestName>(
  name: N,
  ...[input]: Argument<N>
): Promise<RequestOutput<N>> {
  let reply: Reply<RequestOutput<N>>;
  try {
    reply = await window.nandu.invoke(name, input as RequestInput<N>);
  } catch (cause) {
    throw new AppError('internal', 'Nandu’s background process did not answer. Try again.', {
      cause,
    });
  }
  return unwrap(reply);
}

/** Listens until the returned function is called. */
export function subscribe<N extends EventName>(
  name: N,
  listener: (payload: EventPayload<N>) => void,
): () => void {
  return window.nandu.on(name, listener);
}

/** Any thrown value as an {@link AppError}, so that views have one shape to draw. */
export function asAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new AppError('internal', `Something unexpected went wrong: ${message}`, { cause: error });
}
