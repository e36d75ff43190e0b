/** Audit chains that were cut, changed or reordered. */
import type { RecordStores } from '../../records/stores';
import { type Finding, ok, problem } from './finding';

export async function examineAudit({ audit }: RecordStores): Promise<Finding[]> {
  const projects = await audit.projects();
  const findings: Finding[] = [];
  for (const project of projects) {
    const broken = await audit.firstBroken(project);
    if (broken === undefined) continue;
    const fix = 'Find out who wrote to MongoDB by hand, and restore the events from a backup.';
    findings.push(problem(`audit ${project}`, `the chain breaks at: ${broken}`, fix));
  }
  return findings.length > 0 ? findings : [ok('audit', `${projects.length} chains, none broken`)];
}
