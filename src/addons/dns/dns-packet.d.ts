/** The part of dns-packet 5 that is used; the package brings no types. */
declare module "dns-packet" {
  export interface Answer {
    name: string;
    type: string;
    ttl?: number;
    data: unknown;
  }

  export interface Packet {
    id?: number;
    type?: "query" | "response";
    flags?: number;
    rcode?: string;
    flag_aa?: boolean;
    flag_tc?: boolean;
    questions: { name: string; type: string }[];
    answers: Answer[];
    authorities: Answer[];
    additionals: Answer[];
  }

  export const RECURSION_DESIRED: number;
  export function decode(message: Uint8Array): Packet;
  export function encode(packet: Partial<Packet> & { additionals?: unknown[] }): Buffer;
}
