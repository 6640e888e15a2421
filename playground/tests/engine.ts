// The engine without a page: the same modules, in Node.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

import { start, type Engine } from "../src/engine.ts";

export const ROOT = join(import.meta.dirname, "../..");

function module(name: string): WebAssembly.Module {
    return new WebAssembly.Module(gunzipSync(readFileSync(join(ROOT, "playground/generated", name))));
}

export function engine(): Engine {
    return start(module("engine.wasm.gz"), module("policy.wasm.gz"));
}
