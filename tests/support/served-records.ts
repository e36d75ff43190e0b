/** Predictions and truths as replicas ship them. */
import type { PredictionRecord, TruthRecord } from '../../src/domain/endpoint';

const receivedAt = new Date('2026-01-01T00:00:00Z');

export function servedPrediction(
  id: string,
  eventTime: string,
  more: Partial<PredictionRecord> = {}
): PredictionRecord {
  return {
    _id: id,
    v: 1,
    version: 1,
    route: 'champion',
    revision: 1,
    eventTime: new Date(eventTime),
    inputs: { distance: 1, origin: null },
    score: 0.5,
    decision: 0,
    replica: 'r1',
    receivedAt,
    ...more,
  };
}

export function reportedTruth(prediction: string, value: number, knownAt: string, revision = 0): TruthRecord {
  const _id = `${prediction}#${revision}`;
  return { _id, v: 1, prediction, revision, value, knownAt: new Date(knownAt), receivedAt };
}
