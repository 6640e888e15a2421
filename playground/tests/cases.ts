// The cases of tests/cases as texts for the page. One about an update is none: the page, as `review`, creates.

import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

import type { Engine, Input } from "../src/engine.ts";
import { ROOT } from "./engine.ts";

export type Case = Input & { name: string };

const FOLDER = join(ROOT, "tests/cases");

export function cases({ toYaml }: Engine): Case[] {
    const names = readdirSync(FOLDER).flatMap((group) => readdirSync(join(FOLDER, group)).map((name) => `${group}/${name}`));
    return names.flatMap((name) => {
        const text = (file: string) => (existsSync(join(FOLDER, name, file)) ? readFileSync(join(FOLDER, name, file), "utf8") : undefined);
        const manifest = text("object.yaml") ?? created(text("request.json"), toYaml);
        if (manifest === undefined || text("old.yaml") !== undefined) return [];
        return [{ name, manifest, settings: text("settings.json") ?? "", session: text("session.yaml") ?? "" }];
    });
}

/** The object that a request creates, as YAML. */
function created(request: string | undefined, toYaml: Engine["toYaml"]): string | undefined {
    const { operation, object } = JSON.parse(request ?? "{}");
    return operation === "CREATE" && typeof object === "object" && object !== null ? toYaml(JSON.stringify(object)) : undefined;
}
