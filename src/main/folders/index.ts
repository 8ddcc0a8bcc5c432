/** The folders room: servers that share folders of this computer with guests by virtiofs. */
export { killServer, type ServedFolder } from './folder-server.ts';
export { FolderServers, type FolderServerRecord } from './folder-servers.ts';
export type { FolderProgram } from './server-script.ts';
export { findFolderServer, type FolderServerAvailability } from './trial.ts';
