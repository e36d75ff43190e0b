/** A document of MongoDB as one line of JSON: plain values, fields in the order of their names. */
import { BSON } from 'mongodb';

/**
 * ObjectId and UUID as text, dates as ISO-8601, Decimal128 and binary data as text (base64), whole numbers exact; what is
 * not a number is null. Other types stand as Extended JSON has them.
 * @param document read with `useBigInt64`
 */
export function jsonLineOf(document: Readonly<Record<string, unknown>>): string {
  return textOf(document);
}

function textOf(value: unknown): string {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return JSON.stringify(value);
    case 'bigint':
      return String(value);
    case 'number':
      return Number.isFinite(value) ? JSON.stringify(value) : Number.isNaN(value) ? 'null' : `"${value}"`;
    case 'object':
      return value === null ? 'null' : objectText(value);
    case 'undefined':
    case 'function':
    case 'symbol':
      return 'null';
  }
}

function objectText(value: object): string {
  if (Array.isArray(value)) return `[${value.map(textOf).join(',')}]`;
  const type = (value as { readonly _bsontype?: unknown })._bsontype;
  if (type !== undefined) return bsonText(value, type);
  if (Object.prototype.toString.call(value) === '[object Date]') {
    const time = (value as Date).getTime();
    return Number.isNaN(time) ? 'null' : JSON.stringify((value as Date).toISOString());
  }
  const fields = Object.entries(value)
    .filter(([, each]) => each !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([name, each]) => `${JSON.stringify(name)}:${textOf(each)}`).join(',')}}`;
}

function bsonText(value: object, type: unknown): string {
  switch (type) {
    case 'ObjectId':
      return JSON.stringify((value as BSON.ObjectId).toHexString());
    case 'Decimal128':
      return JSON.stringify((value as BSON.Decimal128).toString());
    case 'Long':
      return (value as BSON.Long).toString();
    case 'Int32':
    case 'Double':
      return textOf((value as BSON.Int32 | BSON.Double).valueOf());
    case 'Binary': {
      const binary = value as BSON.Binary;
      const uuid = binary.sub_type === BSON.Binary.SUBTYPE_UUID && binary.length() === 16;
      return JSON.stringify(uuid ? binary.toUUID().toHexString() : binary.toString('base64'));
    }
    default:
      return BSON.EJSON.stringify(value, { relaxed: true });
  }
}
