/** The agent room: the protocol with Nandu’s init in the guest. */
export { AgentLink } from './agent-link.ts';
