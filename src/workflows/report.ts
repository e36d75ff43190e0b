/** Pages of records, beside the work: what goes wrong with one is shown, and holds nothing up. */
import { isCancellation } from '@temporalio/workflow';
import type { Rendered } from '../domain/phases';
import type { Plan } from '../domain/plan';
import type { Ref } from '../domain/refs';
import { type Activities, beside } from './activities';
import { reasonOf } from './failures';

/** @param render one of the activities that render a page */
export async function rendered(
  plan: Plan,
  render: (activities: Activities) => Promise<Ref<'report'>>
): Promise<Rendered> {
  try {
    return { report: await render(beside(plan)) };
  } catch (error) {
    if (isCancellation(error)) throw error;
    return { failure: reasonOf(error).slice(0, 500) };
  }
}

/**
 * In Markdown, for whoever looks at the workflow.
 * @param name that `mlops report` takes
 */
export function renderedLine(name: string, { report, failure }: Rendered): string {
  const command = `\`mlops report ${name} --out page.html\``;
  return report === undefined
    ? `**Its page could not be rendered**: ${failure} ${command} makes it of the record.`
    : `Its page: ${command}, \`report/${report.id.slice(7, 19)}\`.`;
}

/** As `mlops report` takes it. */
export function snapshotName({ id }: Ref<'snapshot'>): string {
  return id.slice(7, 19);
}
