/** The replica's own document: that it lives, what it serves, how far it has shipped. MongoDB's clock says when. */
import type { Collection } from 'mongodb';
import type { ReplicaDocument } from '../domain/endpoint';

/** `_id` = `<endpoint>/<replica>`; also in a time-out the whole document is written, or nothing. */
export async function reportReplica(
  replicas: Collection<ReplicaDocument>,
  document: Omit<ReplicaDocument, '_id' | 'v' | 'reportedAt'>
): Promise<void> {
  const { endpoint, replica } = document;
  await replicas.updateOne(
    { _id: `${endpoint}/${replica}` },
    // Literal: texts and names that begin with $ are no expressions.
    [
      {
        $replaceWith: {
          $mergeObjects: [{ _id: '$_id' }, { $literal: { v: 1, ...document } }, { reportedAt: '$$NOW' }],
        },
      },
    ],
    { upsert: true }
  );
}

/** A replica that ends in good order isn't waited for. */
export async function withdrawReplica(
  replicas: Collection<ReplicaDocument>,
  endpoint: string,
  replica: string
): Promise<void> {
  await replicas.deleteOne({ _id: `${endpoint}/${replica}` });
}
