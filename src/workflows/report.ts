/** The page of a snapshot, beside the work: what goes wrong with it is shown, and holds nothing up. */
import { isCancellation } from '@temporalio/workflow';
import type { Rendered } from '../domain/phases';
import type { Plan } from '../domain/plan';
import type { Ref } from '../domain/refs';
import { beside } from './activities';
import { reasonOf } from './failures';

export async function rendered(plan: Plan, snapshot: Ref<'snapshot'>): Promise<Rendered> {
  try {
    return { report: await beside(plan).mlopsRenderReport({ snapshot }) };
  } catch (error) {
    if (isCancellation(error)) throw error;
    return { failure: reasonOf(error).slice(0, 500) };
  }
}

/** In Markdown, for whoever looks at the workflow. */
export function renderedLine(snapshot: Ref<'snapshot'>, { report, failure }: Rendered): string {
  const command = `\`mlops report ${snapshot.id.slice(7, 19)} --out page.html\``;
  return report === undefined
    ? `**Its page could not be rendered**: ${failure} ${command} makes it of the record.`
    : `Its page: ${command}, \`report/${report.id.slice(7, 19)}\`.`;
}
