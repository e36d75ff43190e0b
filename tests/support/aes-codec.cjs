/** A data converter as a user's: every payload is sealed with AES-256-GCM. The module that MLOPS_DATA_CONVERTER names. */
const { createCipheriv, createDecipheriv, randomBytes } = require('node:crypto');

const KEY = Buffer.alloc(32, 'a key of a test');
const ENCODING = Buffer.from('binary/encrypted');

const codec = {
  async encode(payloads) {
    return payloads.map((payload) => {
      const iv = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', KEY, iv);
      const plain = JSON.stringify({
        metadata: Object.fromEntries(
          Object.entries(payload.metadata ?? {}).map(([name, bytes]) => [name, Buffer.from(bytes).toString('base64')])
        ),
        data: Buffer.from(payload.data ?? []).toString('base64'),
      });
      const sealed = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
      return { metadata: { encoding: ENCODING }, data: Buffer.concat([iv, cipher.getAuthTag(), sealed]) };
    });
  },

  async decode(payloads) {
    return payloads.map((payload) => {
      if (Buffer.from(payload.metadata?.encoding ?? []).toString() !== ENCODING.toString()) return payload;
      const bytes = Buffer.from(payload.data);
      const decipher = createDecipheriv('aes-256-gcm', KEY, bytes.subarray(0, 12));
      decipher.setAuthTag(bytes.subarray(12, 28));
      const plain = Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8');
      const { metadata, data } = JSON.parse(plain);
      return {
        metadata: Object.fromEntries(
          Object.entries(metadata).map(([name, text]) => [name, Buffer.from(text, 'base64')])
        ),
        data: Buffer.from(data, 'base64'),
      };
    });
  },
};

exports.default = { payloadCodecs: [codec] };
