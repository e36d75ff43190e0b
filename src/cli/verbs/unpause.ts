import type { Command } from 'commander';
import { addOperatorVerb } from '../operate';

export function addUnpause(program: Command): void {
  addOperatorVerb(program, 'unpause', 'Lets a paused lifecycle go on');
}
