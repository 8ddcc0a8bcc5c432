/** The folders room: servers that share folders of this computer with guests by virtiofs. */
export type { ServedFolder } from './folder-server.ts';
export { endServer, FolderServers, type FolderServerRecord } from './folder-servers.ts';
export type { FolderProgram } from './server-script.ts';
export { findFolderServer, type FolderServerAvailability } from './trial.ts';
