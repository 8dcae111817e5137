/**
 * The part of etcd's v3 gRPC interface that the store needs: messages, field numbers, methods.
 *
 * Revisions arrive as Long objects: `number()` and `bigint()` read them. Fields that are absent have their zero value.
 * @source etcd's etcdserverpb/rpc.proto and mvccpb/kv.proto (3.4)
 */
import { fromJSON, type MethodDefinition } from "@grpc/proto-loader";

type Fields = Record<string, { type: string; id: number; rule?: "repeated" }>;

const header = { type: "ResponseHeader", id: 1 };
const message = (fields: Fields, oneofs?: Record<string, { oneof: string[] }>) => ({ fields, oneofs });
const method = (name: string, stream = false) => ({
  requestType: `${name}Request`,
  responseType: `${name}Response`,
  requestStream: stream,
  responseStream: stream,
});

const ETCD = {
  KeyValue: message({
    key: { type: "bytes", id: 1 },
    create_revision: { type: "int64", id: 2 },
    mod_revision: { type: "int64", id: 3 },
    version: { type: "int64", id: 4 },
    value: { type: "bytes", id: 5 },
    lease: { type: "int64", id: 6 },
  }),
  Event: message({
    /** 0 put, 1 delete. */
    type: { type: "int32", id: 1 },
    kv: { type: "KeyValue", id: 2 },
    prev_kv: { type: "KeyValue", id: 3 },
  }),
  ResponseHeader: message({ revision: { type: "int64", id: 3 } }),
  RangeRequest: message({
    key: { type: "bytes", id: 1 },
    range_end: { type: "bytes", id: 2 },
    limit: { type: "int64", id: 3 },
    revision: { type: "int64", id: 4 },
    count_only: { type: "bool", id: 9 },
  }),
  RangeResponse: message({
    header,
    kvs: { type: "KeyValue", id: 2, rule: "repeated" },
    more: { type: "bool", id: 3 },
    count: { type: "int64", id: 4 },
  }),
  PutRequest: message({ key: { type: "bytes", id: 1 }, value: { type: "bytes", id: 2 }, lease: { type: "int64", id: 3 } }),
  PutResponse: message({ header }),
  DeleteRangeRequest: message({ key: { type: "bytes", id: 1 } }),
  DeleteRangeResponse: message({ header, deleted: { type: "int64", id: 2 } }),
  RequestOp: message(
    {
      request_range: { type: "RangeRequest", id: 1 },
      request_put: { type: "PutRequest", id: 2 },
      request_delete_range: { type: "DeleteRangeRequest", id: 3 },
    },
    { request: { oneof: ["request_range", "request_put", "request_delete_range"] } },
  ),
  ResponseOp: message(
    {
      response_range: { type: "RangeResponse", id: 1 },
      response_put: { type: "PutResponse", id: 2 },
      response_delete_range: { type: "DeleteRangeResponse", id: 3 },
    },
    { response: { oneof: ["response_range", "response_put", "response_delete_range"] } },
  ),
  Compare: message({
    /** 0: equal. */
    result: { type: "int32", id: 1 },
    /** 2: mod_revision. */
    target: { type: "int32", id: 2 },
    key: { type: "bytes", id: 3 },
    mod_revision: { type: "int64", id: 6 },
  }),
  TxnRequest: message({
    compare: { type: "Compare", id: 1, rule: "repeated" },
    success: { type: "RequestOp", id: 2, rule: "repeated" },
    failure: { type: "RequestOp", id: 3, rule: "repeated" },
  }),
  TxnResponse: message({
    header,
    succeeded: { type: "bool", id: 2 },
    responses: { type: "ResponseOp", id: 3, rule: "repeated" },
  }),
  CompactionRequest: message({ revision: { type: "int64", id: 1 } }),
  CompactionResponse: message({ header }),
  WatchCreateRequest: message({
    key: { type: "bytes", id: 1 },
    range_end: { type: "bytes", id: 2 },
    start_revision: { type: "int64", id: 3 },
    prev_kv: { type: "bool", id: 6 },
  }),
  WatchRequest: message(
    { create_request: { type: "WatchCreateRequest", id: 1 } },
    { request_union: { oneof: ["create_request"] } },
  ),
  WatchResponse: message({
    header,
    created: { type: "bool", id: 3 },
    canceled: { type: "bool", id: 4 },
    compact_revision: { type: "int64", id: 5 },
    cancel_reason: { type: "string", id: 6 },
    events: { type: "Event", id: 11, rule: "repeated" },
  }),
  LeaseGrantRequest: message({ TTL: { type: "int64", id: 1 } }),
  LeaseGrantResponse: message({ header, ID: { type: "int64", id: 2 }, TTL: { type: "int64", id: 3 } }),
  LeaseRevokeRequest: message({ ID: { type: "int64", id: 1 } }),
  LeaseRevokeResponse: message({ header }),
  LeaseKeepAliveRequest: message({ ID: { type: "int64", id: 1 } }),
  LeaseKeepAliveResponse: message({ header, ID: { type: "int64", id: 2 }, TTL: { type: "int64", id: 3 } }),
  StatusRequest: message({}),
  StatusResponse: message({ header, dbSize: { type: "int64", id: 3 } }),
  KV: { methods: { Range: method("Range"), Txn: method("Txn"), Compact: method("Compaction") } },
  Watch: { methods: { Watch: method("Watch", true) } },
  Lease: {
    methods: {
      LeaseGrant: method("LeaseGrant"),
      LeaseRevoke: method("LeaseRevoke"),
      LeaseKeepAlive: method("LeaseKeepAlive", true),
    },
  },
  Maintenance: { methods: { Status: method("Status") } },
};

const definitions = fromJSON(
  { nested: { etcdserverpb: { nested: ETCD as any } } },
  { keepCase: true, defaults: true, arrays: true },
);

function methodOf(service: string, name: string): MethodDefinition<any, any> {
  return (definitions[`etcdserverpb.${service}`] as Record<string, MethodDefinition<any, any>>)[name]!;
}

export const methods = {
  range: methodOf("KV", "Range"),
  txn: methodOf("KV", "Txn"),
  compact: methodOf("KV", "Compact"),
  watch: methodOf("Watch", "Watch"),
  leaseGrant: methodOf("Lease", "LeaseGrant"),
  leaseRevoke: methodOf("Lease", "LeaseRevoke"),
  leaseKeepAlive: methodOf("Lease", "LeaseKeepAlive"),
  status: methodOf("Maintenance", "Status"),
};

/** A 64-bit integer on the wire. */
export interface Long {
  low: number;
  high: number;
}

export interface WireHeader {
  revision: Long;
}

export interface WireKeyValue {
  key: Buffer;
  value: Buffer;
  create_revision: Long;
  mod_revision: Long;
  version: Long;
  lease: Long;
}

export interface WireEvent {
  type: number;
  kv: WireKeyValue;
  prev_kv: WireKeyValue | null;
}

export interface RangeResponse {
  header: WireHeader;
  kvs: WireKeyValue[];
  more: boolean;
  count: Long;
}

export interface TxnResponse {
  header: WireHeader;
  succeeded: boolean;
  responses: { response_range?: RangeResponse }[];
}

export interface WatchResponse {
  header: WireHeader;
  created: boolean;
  canceled: boolean;
  compact_revision: Long;
  cancel_reason: string;
  events: WireEvent[];
}

/** Exact for everything that counts revisions. */
export function number(long: Long): number {
  return long.high * 2 ** 32 + (long.low >>> 0);
}

export function bigint(long: Long): bigint {
  return (BigInt(long.high) << 32n) | BigInt(long.low >>> 0);
}
