/**
 * Signed tokens in compact form, RS256 only: no other algorithm is read, so none can be talked into.
 *
 * @source RFC 7515, RFC 7519
 */
import { sign, verify } from "node:crypto";
import type { SigningKey } from "../../../shared/component/pki/index.ts";

export interface Claims {
  iss: string;
  sub: string;
  aud: string[];
  /** Seconds since the epoch. */
  exp: number;
  iat: number;
  nbf: number;
  jti?: string;
  [name: string]: unknown;
}

/** Signs on a pool thread: an RSA signature takes about a millisecond. */
export function signToken(claims: Claims, key: SigningKey): Promise<string> {
  const input = `${encode({ alg: "RS256", kid: key.id })}.${encode(claims)}`;
  return new Promise((resolve, reject) => {
    sign("sha256", Buffer.from(input), key.privateKey, (error, signature) => {
      if (error) reject(error);
      else resolve(`${input}.${signature.toString("base64url")}`);
    });
  });
}

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");

/** The claims without any check, or undefined where this is no such token. Only good for asking whose token it might be. */
export function peekClaims(token: string): Partial<Claims> | undefined {
  const parts = token.split(".");
  if (parts.length !== 3) return undefined;
  return parse(parts[1]!);
}

/** Whether this key signed the token with RS256. */
export function isSignedWith(token: string, key: SigningKey): boolean {
  const [header = "", payload = "", signature = ""] = token.split(".");
  const { alg } = parse(header) ?? {};
  return (
    alg === "RS256" && verify("sha256", Buffer.from(`${header}.${payload}`), key.publicKey, Buffer.from(signature, "base64url"))
  );
}

function parse(part: string): Partial<Claims> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, "base64url").toString("utf8"));
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined; // not JSON: somebody else's kind of token
  }
}
