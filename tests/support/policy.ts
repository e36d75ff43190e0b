/** Of an approval that may be rolled out for a week. */
export const DEFAULT_POLICY = { validFor: { wall: '7 days' } };
