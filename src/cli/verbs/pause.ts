import type { Command } from 'commander';
import { addOperatorVerb } from '../operate';

export function addPause(program: Command): void {
  addOperatorVerb(program, 'pause', 'Stops a lifecycle at its next phase boundary; running phases and deadlines go on');
}
