/** Judged windows of a project's endpoint, in the order of their periods. */
import type { Fact } from '../../src/domain/records';
import { eventually } from './eventually';
import { raw } from './raw-records';
import type { TestSystem } from './system';

/** Once there are that many. */
export async function judgedWindows(
  { stores }: Pick<TestSystem, 'stores'>,
  project: string,
  count: number
): Promise<readonly Fact<'window'>[]> {
  return eventually(`${count} judged windows`, async () => {
    const found = await raw(stores).facts('window').find({ 'body.endpoint': project }).sort({ _id: 1 }).toArray();
    return found.length >= count ? (found as unknown as readonly Fact<'window'>[]) : undefined;
  });
}
