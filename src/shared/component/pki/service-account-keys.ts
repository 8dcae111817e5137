/**
 * The RSA key pair that signs service-account tokens (RS256).
 *
 * Making it takes 50 to 200 ms, so it never stands between a start and readiness: it is made on a pool thread when the first token,
 * key set or bearer credential asks for it (or by `prepare()`), and is on disk before anything signed with it leaves.
 */
import { createHash, createPrivateKey, createPublicKey, generateKeyPair, type JsonWebKey, type KeyObject } from "node:crypto";
import { join } from "node:path";
import { promisify } from "node:util";
import { pemOf } from "../../lib/x509/index.ts";
import { readIfThere, writeFiles } from "../../lib/files.ts";

export interface SigningKey {
  /** As upstream derives it: base64url(sha256(public key)). */
  id: string;
  privateKey: KeyObject;
  publicKey: KeyObject;
}

export interface ServiceAccountKeys {
  /** The key; made and stored on the first call. */
  get(): Promise<SigningKey>;
  /** The key when it is at hand already. */
  peek(): SigningKey | undefined;
}

export function openServiceAccountKeys(dir: string): ServiceAccountKeys {
  let ready: SigningKey | undefined;
  let pending: Promise<SigningKey> | undefined;
  return {
    get: () =>
      (pending ??= loadOrCreate(dir).then(
        (key) => (ready = key),
        (error: unknown) => {
          pending = undefined;
          throw error;
        },
      )),
    peek: () => ready,
  };
}

async function loadOrCreate(dir: string): Promise<SigningKey> {
  const stored = readIfThere(join(dir, "sa.key"));
  if (stored !== undefined) return signingKey(createPrivateKey(stored));
  const { privateKey, publicKey } = await promisify(generateKeyPair)("rsa", { modulusLength: 2048 });
  writeFiles(dir, { "sa.pub": publicKey.export({ type: "spki", format: "pem" }) as string, "sa.key": pemOf(privateKey) });
  return signingKey(privateKey);
}

function signingKey(privateKey: KeyObject): SigningKey {
  const publicKey = createPublicKey(privateKey);
  const spki = publicKey.export({ type: "spki", format: "der" });
  return { id: createHash("sha256").update(spki).digest("base64url"), privateKey, publicKey };
}

/** The public half as a JSON Web Key of a key set. */
export function toJwk(key: SigningKey): JsonWebKey {
  const { kty, n, e } = key.publicKey.export({ format: "jwk" });
  return { use: "sig", kty, kid: key.id, alg: "RS256", n, e };
}
