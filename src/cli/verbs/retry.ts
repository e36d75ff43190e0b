import type { Command } from 'commander';
import { addOperatorVerb } from '../operate';

export function addRetry(program: Command): void {
  addOperatorVerb(program, 'retry', 'Runs the failed phase again; what was finished is reused');
}
