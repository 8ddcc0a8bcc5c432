/** The lab room: experiments that compare ways to boot. */
export { exportExperiment } from './export.ts';
export { LabService, type LabServiceOptions } from './lab-service.ts';
