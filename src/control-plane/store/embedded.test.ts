/** The embedded engine: the contract in memory and on disk, and what a directory of files must survive. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { storeContract } from "./contract.ts";
import { openEmbeddedStore } from "./index.ts";

const root = mkdtempSync(join(tmpdir(), "knarr-store-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let directories = 0;
const freshPath = () => join(root, `d${++directories}`);

storeContract("embedded, in memory", () => openEmbeddedStore());
storeContract("embedded, on disk", () => openEmbeddedStore({ path: freshPath() }));
