/** The agent room: the protocol with Nandu’s PID 1 in the guest. */
export { AgentLink, type ContainerListener } from './agent-link.ts';
export { AgentSession, type SessionListener, type SessionRequest } from './agent-session.ts';
export { configurationFrames, type GuestRecord } from './frames.ts';
