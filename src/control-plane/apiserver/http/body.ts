/** Reads a request body with a limit. */
import type { Readable } from "node:stream";
import { badRequest, requestEntityTooLarge } from "../../../shared/apimachinery/errors.ts";

const nothing = Buffer.alloc(0);

export function readBody(stream: Readable, limit: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    let first: Buffer | undefined;
    let chunks: Buffer[] | undefined;
    let size = 0;
    stream.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) {
        stream.removeAllListeners("data");
        stream.resume();
        return reject(requestEntityTooLarge(`Request entity too large: limit is ${limit}`));
      }
      if (!first) first = chunk;
      else (chunks ??= [first]).push(chunk);
    });
    stream.once("end", () => resolve(chunks ? Buffer.concat(chunks, size) : (first ?? nothing)));
    stream.once("error", (error) => reject(badRequest(error.message)));
    stream.once("close", () => reject(badRequest("unexpected EOF")));
  });
}
