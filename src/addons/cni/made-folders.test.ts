import { existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { makeFolders, removeMadeFolders } from "./made-folders.ts";

let root: string;
beforeEach(() => void (root = mkdtempSync(join(tmpdir(), "knarr-folders-"))));
afterEach(() => rmSync(root, { recursive: true, force: true }));
const at = (...names: string[]) => names.map((name) => join(root, name));

test("what was made goes, also when it is made out twice; what was there or is in use stays", () => {
  const record = join(root, "state/folders.json");
  mkdirSync(join(root, "there"));
  makeFolders(record, at("there/a/b", "new", "used"));
  makeFolders(record, at("there/a/b", "later"));
  mkdirSync(join(root, "used/by-somebody"));
  removeMadeFolders(record);
  expect(at("there", "there/a", "new", "later", "used", "state").map((path) => existsSync(path))).toEqual([
    true,
    false,
    false,
    false,
    true,
    false,
  ]);
  removeMadeFolders(record);
});
