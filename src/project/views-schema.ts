/** The shape of a feature view. */
import { z } from 'zod';
import { column, eventDuration, MOST, record, word } from './schema-parts';

export const MOST_VIEWS = 32;
const MOST_CHARACTERS = 1000;

export const views = z
  .record(
    column,
    record({
      from: word,
      entity: z.array(column).min(1).max(MOST),
      clock: z.enum(['knownAt', 'eventTime']).default('knownAt'),
      window: eventDuration.optional(),
      ttl: eventDuration.optional(),
      values: z
        .record(column, z.string().min(1).max(MOST_CHARACTERS))
        .refine((all) => Object.keys(all).length > 0, { error: 'must name at least one value' })
        .refine((all) => Object.keys(all).length <= MOST, { error: `must be at most ${MOST}` }),
      whenOld: z.enum(['missing', 'refuse']).default('missing'),
    })
  )
  .refine((all) => Object.keys(all).length <= MOST_VIEWS, { error: `must be at most ${MOST_VIEWS}` });
