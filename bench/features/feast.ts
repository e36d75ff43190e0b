import type { Installed } from '../install';

export const FEAST: Installed = { name: 'feast', version: '0.67.0', packages: ['feast[mongodb,duckdb]==0.67.0'] };
