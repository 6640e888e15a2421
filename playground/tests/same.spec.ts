// What the page says is what the program says, to the byte: over all examples, and over the cases of tests/cases.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect, test } from "@playwright/test";

import type { Input } from "../src/engine.ts";
import { readReport, type Changed, type Report } from "../src/report.ts";
import { cases, type Case } from "./cases.ts";
import { engine } from "./engine.ts";
import { run } from "./program.ts";

const page = engine();
const EXAMPLES: (Input & { id: string })[] = JSON.parse(readFileSync(join(import.meta.dirname, "../generated/examples.json"), "utf8"));
const FILE = "manifest.yaml";

let folder = "";
test.beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "playground-"))));
test.afterEach(() => rmSync(folder, { recursive: true }));

function review(input: Input): Report {
    return readReport(page.review(input));
}

function changed(input: Input): Changed {
    return JSON.parse(page.changed(input));
}

/** What the program makes of a text: its lines of JSON, its patch, and the text that it writes. */
function reviewed({ manifest, settings }: Input): Pick<Report, "lines"> & Changed {
    writeFileSync(join(folder, FILE), manifest);
    writeFileSync(join(folder, "settings.yaml"), settings);
    const args = ["review", FILE, "--settings-path", "settings.yaml", "--no-config", "--allow-empty"];
    const patch = run(folder, ...args, "--output", "diff");
    const lines = run(folder, ...args, "--output", "json", "--write");
    return { lines, patch, after: readFileSync(join(folder, FILE), "utf8") };
}

/** What the program answers to the only request that a text makes, where a session is replayed. */
function answered({ manifest, session }: Input, settings: unknown): object {
    const [{ request }] = JSON.parse(page.exports(manifest, JSON.stringify(settings))).requests;
    writeFileSync(join(folder, "request.json"), JSON.stringify(request));
    writeFileSync(join(folder, "session.yaml"), session);
    const replay = ["--allow-context-aware", "--replay-host-capabilities-interactions", "session.yaml"];
    const response = JSON.parse(run(folder, "run", "--request-path", "request.json", "--settings-json", JSON.stringify(settings), ...replay));
    const patch = response.patch ? JSON.parse(Buffer.from(response.patch, "base64").toString()) : [];
    return { allowed: response.allowed, message: response.status?.message ?? null, warnings: response.warnings ?? [], patch };
}

/** The same of the page. */
function answer({ lines }: Report): object {
    const { allowed, message, warnings, patch } = JSON.parse(lines);
    return { allowed, message, warnings, patch };
}

for (const example of EXAMPLES) {
    test(`example ${example.id}`, () => {
        const report = review(example);
        expect(report.objects.length).toBeGreaterThan(0);
        if (example.session) {
            expect(answer(report)).toEqual(answered(example, report.value));
        } else {
            expect({ lines: report.lines, ...changed(example) }).toEqual(reviewed(example));
        }
    });
}

/** Cases with the same settings, which one call of the program can review. */
function bySettings(all: Case[]): Map<string, Case[]> {
    const groups = new Map<string, Case[]>();
    for (const one of all) groups.set(one.settings, [...(groups.get(one.settings) ?? []), one]);
    return groups;
}

/** Whether the policy takes the settings of a case, and finds an object in it. */
function isJudged(one: Case): boolean {
    const { objects, settings } = review(one);
    return !settings && objects.length === 1;
}

test("the cases without a cluster", () => {
    const groups = bySettings(cases(page).filter((one) => !one.session && isJudged(one)));
    let compared = 0;
    for (const [settings, group] of [...groups].filter(([, group]) => group.length > 2 || process.env.ALL)) {
        const names = group.map((_, index) => `${index}/${FILE}`);
        writeFileSync(join(folder, "settings.json"), settings || "{}");
        for (const [index, { manifest }] of group.entries()) {
            mkdirSync(join(folder, String(index)), { recursive: true });
            writeFileSync(join(folder, names[index]), manifest);
        }
        const args = ["review", "--settings-path", "settings.json", "--no-config", "--allow-empty"];
        const patch = run(folder, ...args, "--output", "diff", ...names);
        const lines = run(folder, ...args, "--output", "json", "--write", ...names);
        const texts = names.map((name) => readFileSync(join(folder, name), "utf8"));
        const reports = group.map((one) => ({ ...review(one), ...changed(one) }));
        // The program names each file.
        const named = (text: string, index: number) => text.replaceAll(FILE, names[index]);
        expect(reports.map(({ lines }, index) => named(lines, index)).join("")).toEqual(lines);
        expect(reports.map(({ patch }, index) => named(patch, index)).join("")).toEqual(patch);
        expect(reports.map(({ after }) => after)).toEqual(texts);
        compared += group.length;
    }
    console.log(`${compared} cases without a cluster`);
    expect(compared).toBeGreaterThan(100);
});

test("the cases with a cluster", () => {
    const all = cases(page).filter((one) => one.session && isJudged(one));
    const chosen = all.filter((_, index) => index % 3 === 0 || process.env.ALL);
    for (const one of chosen) {
        const report = review(one);
        expect(answer(report), one.name).toEqual(answered(one, report.value));
    }
    console.log(`${chosen.length} cases with a cluster`);
    expect(chosen.length).toBeGreaterThan(20);
});

test("what is wrong with a text or with settings", () => {
    for (const manifest of ["a: [\n", "kind: Pod\napiVersion: v1\n---\n- 1\n", "", "apiVersion: v1\nkind: Pod\nmetadata: {name: '{{ x }}'}\n"]) {
        writeFileSync(join(folder, FILE), manifest);
        let expected: string;
        try {
            expected = run(folder, "review", FILE, "--no-config", "--allow-empty", "--output", "json");
        } catch {
            // What can't be read is exit code 2; it is in the report all the same.
            continue;
        }
        expect(review({ manifest, settings: "", session: "" }).lines).toEqual(expected);
    }
    const { settings } = review({ manifest: "", settings: "legacySidecars: move\n", session: "" });
    writeFileSync(join(folder, "settings.yaml"), "legacySidecars: move\n");
    writeFileSync(join(folder, FILE), "");
    expect(() => run(folder, "review", FILE, "--settings-path", "settings.yaml")).toThrow(settings!.message);
});
