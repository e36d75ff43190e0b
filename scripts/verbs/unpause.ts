import type { Command } from 'commander';
import { addOperatorVerb } from '../cli/operate';

export function addUnpause(program: Command): void {
  addOperatorVerb(program, 'unpause', 'Lets a paused lifecycle go on');
}
