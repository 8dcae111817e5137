import { X509Certificate } from "node:crypto";
import { expect, test } from "vitest";
import { certify, createAuthority } from "./certificate.ts";
import { createSigningRequest, readSigningRequest } from "./signing-request.ts";

test("what a request asks for comes back, and can be certified", () => {
  const subject = { commonName: "system:node:ü1", organizations: ["system:nodes", "b"] };
  const { request } = createSigningRequest(subject, { dns: ["n1", "n1.example"], ips: ["10.0.0.1", "fd00::1:0:0:2"] });
  const read = readSigningRequest(request);
  expect(read.subject.commonName).toBe("system:node:ü1");
  expect([...read.subject.organizations].sort()).toEqual(["b", "system:nodes"]);
  expect(read.names).toMatchObject({ dns: ["n1", "n1.example"], ips: ["10.0.0.1", "fd00::1:0:0:2"] });
  const validity = { notBefore: Date.UTC(2026, 0, 1), notAfter: Date.UTC(2051, 0, 1) };
  const { authority } = createAuthority("ca", validity, Buffer.from([1]));
  const cert = new X509Certificate(
    certify(authority, { ...read, usages: ["client"], validity }, read.publicKey, Buffer.from([200])),
  );
  expect(cert.verify(authority.publicKey)).toBe(true);
  expect(cert.checkIssued(new X509Certificate(authority.certPem))).toBe(true);
  expect([cert.serialNumber, cert.validTo]).toEqual(["C8", "Jan  1 00:00:00 2051 GMT"]);
});

test("a request that was changed after it was signed is refused", () => {
  const { request } = createSigningRequest({ commonName: "a", organizations: [] });
  const der = Buffer.from(request.split("\n").slice(1, -2).join(""), "base64");
  der.writeUInt8(98, der.indexOf("a", 10));
  expect(() =>
    readSigningRequest(`-----BEGIN CERTIFICATE REQUEST-----\n${der.toString("base64")}\n-----END CERTIFICATE REQUEST-----\n`),
  ).toThrow();
});
