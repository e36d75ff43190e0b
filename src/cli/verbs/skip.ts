import type { Command } from 'commander';
import { addOperatorVerb } from '../operate';

export function addSkip(program: Command): void {
  addOperatorVerb(program, 'skip', 'Ends the cycle whose phase failed');
}
