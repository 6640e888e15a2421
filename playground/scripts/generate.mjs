// Puts into generated/ what the page is made of besides its own files: the packed modules, and the examples.
// Usage: node scripts/generate.mjs POLICY_MODULE; generated/ holds the engine already.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import { initSync, toYaml } from "../generated/engine.js";

const playground = join(dirname(fileURLToPath(import.meta.url)), "..");
const repository = join(playground, "..");
const generated = join(playground, "generated");

const text = (path) => readFileSync(join(repository, path), "utf8");
const yaml = (value) => toYaml(JSON.stringify(value));

const engine = readFileSync(join(generated, "engine_bg.wasm"));
const policy = readFileSync(process.argv[2] ?? join(repository, "policy.wasm"));
initSync({ module: engine });
writeFileSync(join(generated, "engine.wasm.gz"), gzipSync(engine, { level: 9 }));
writeFileSync(join(generated, "policy.wasm.gz"), gzipSync(policy, { level: 9 }));

/** The object of a case as a manifest; undefined where it is about an update, which the page does not make. */
function manifestOf(folder) {
    if (existsSync(join(repository, folder, "old.yaml"))) return undefined;
    if (existsSync(join(repository, folder, "object.yaml"))) return text(`${folder}/object.yaml`);
    const { operation, object } = JSON.parse(text(`${folder}/request.json`));
    if (operation !== "CREATE") return undefined;
    // What an API server adds, and tells nothing.
    delete object.metadata.creationTimestamp;
    delete object.metadata.uid;
    delete object.status;
    return yaml(object);
}

/** A case of tests/cases as an example; undefined where it is none. */
function exampleOf(name) {
    const folder = `tests/cases/${name}`;
    const manifest = manifestOf(folder);
    if (manifest === undefined) return undefined;
    const optional = (file) => (existsSync(join(repository, folder, file)) ? text(`${folder}/${file}`) : undefined);
    const settings = optional("settings.json");
    const value = settings === undefined ? {} : JSON.parse(settings);
    return { manifest, settings: Object.keys(value).length > 0 ? yaml(value) : "", session: optional("session.yaml") ?? "" };
}

const chosen = JSON.parse(readFileSync(join(playground, "examples.json"), "utf8")).map((entry) => {
    const { id, title } = entry;
    if (entry.case) return { id, title, ...exampleOf(entry.case) };
    return { id, title, manifest: [entry.manifest].flat().map(text).join("---\n"), settings: entry.settings, session: "" };
});
// docs/rules.md links to those that it shows.
const shown = [...text("docs/rules.md").matchAll(/<!-- case (\S+) -->/g)].map(([, name]) => ({ id: name, title: null, ...exampleOf(name) }));
const examples = [...chosen, ...shown.filter(({ manifest }) => manifest !== undefined)];
writeFileSync(join(generated, "examples.json"), JSON.stringify(examples, null, 1) + "\n");
console.log(`${examples.length} examples; packed: engine ${kilobytes("engine.wasm.gz")}, policy ${kilobytes("policy.wasm.gz")}`);

function kilobytes(file) {
    return `${Math.round(readFileSync(join(generated, file)).length / 1000)} KB`;
}
