import type { Command } from 'commander';
import { addOperatorVerb } from '../operate';

export function addStop(program: Command): void {
  addOperatorVerb(program, 'stop', 'Ends a lifecycle; a running phase is cancelled, its rollout undone');
}
