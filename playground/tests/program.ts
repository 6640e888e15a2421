// The program that the page is compared with.

import { spawnSync } from "node:child_process";
import { join } from "node:path";

import { ROOT } from "./engine.ts";

export const PROGRAM = process.env.HOST ?? join(ROOT, "target/debug/native-sidecar");

/** What the program prints in a folder; what it can't do is an error. */
export function run(folder: string, ...args: string[]): string {
    const { status, stdout, stderr, error } = spawnSync(PROGRAM, args, { cwd: folder, encoding: "utf8", maxBuffer: 1 << 28 });
    if (error) throw error;
    // 1: something is denied.
    if (status !== 0 && status !== 1) throw new Error(`${args.join(" ")}: ${stderr}`);
    return stdout;
}
