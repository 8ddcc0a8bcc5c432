/** The ipc room: the only door between the window and the services. */
export { routeConsoles } from './console-ports.ts';
export { imageHandlers } from './image-handlers.ts';
export { labHandlers } from './lab-handlers.ts';
export { announceOpening } from './opening.ts';
export { runHandlers } from './run-handlers.ts';
export { routeRequests, type Handlers } from './router.ts';
export { appOrigin } from './sender.ts';
