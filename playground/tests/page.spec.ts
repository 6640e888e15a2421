// The page as people use it.

import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { AxeBuilder } from "@axe-core/playwright";
import { expect, test, type Page } from "@playwright/test";

import { ROOT } from "./engine.ts";
import { PROGRAM, run } from "./program.ts";

/** What a page has complained of: errors, and whatever the Content-Security-Policy has kept off. */
const complaints = new WeakMap<Page, string[]>();

test.beforeEach(async ({ page, context, baseURL }) => {
    const told: string[] = [];
    complaints.set(page, told);
    page.on("console", (message) => message.type() === "error" && told.push(`${message.text()} ${message.location().url}`));
    page.on("pageerror", (error) => told.push(String(error)));
    // Nothing leaves the page, whatever is done in it.
    context.on("request", (request) => {
        if (!request.url().startsWith(baseURL!) && !request.url().startsWith("blob:")) told.push(`a request to ${request.url()}`);
    });
});
test.afterEach(({ page }) => expect(complaints.get(page)).toEqual([]));

const verdict = (page: Page) => page.locator("#verdict");
const editor = (page: Page, name: string) => page.locator(`#${name} .cm-content`);

async function opened(page: Page, hash = ""): Promise<void> {
    await page.goto(`./${hash}`);
    await expect(verdict(page)).toContainText("object");
}

/** Opens all parts of the form. */
function unfold(page: Page): Promise<void> {
    return page.locator("#form details").evaluateAll((all) => all.forEach((details) => ((details as HTMLDetailsElement).open = true)));
}

/** Puts a text into an editor, as pasting it does. */
async function put(page: Page, name: string, text: string): Promise<void> {
    await editor(page, name).focus();
    await page.keyboard.press("ControlOrMeta+a");
    if (text === "") return page.keyboard.press("Delete");
    await editor(page, name).evaluate((content, text) => {
        const clipboardData = new DataTransfer();
        clipboardData.setData("text/plain", text);
        content.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
    }, text);
}

/** The text of an editor; CodeMirror has only the lines in the page that can be seen. */
function text(page: Page, name: string): Promise<string> {
    return editor(page, name).evaluate((content) => (content as unknown as { cmTile: { view: { state: { doc: object } } } }).cmTile.view.state.doc.toString());
}

const POD = (name: string) => `apiVersion: v1
kind: Pod
metadata:
  name: ${name} # mine
spec:
  containers:
    - name: app
      image: registry.example.com/app:1
    - name: cloud-sql-proxy
      image: gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.14.1
`;

test("the first load is small", async ({ page }) => {
    const files: string[] = [];
    page.on("response", (response) => void files.push(new URL(response.url()).pathname));
    await opened(page);
    const dist = join(import.meta.dirname, "../dist");
    const sizes = files.map((path) => {
        const bytes = readFileSync(join(dist, path === "/" ? "index.html" : path));
        // What a server packs as a matter of course; the modules are packed already.
        return { path, size: path.endsWith(".gz") ? bytes.length : gzipSync(bytes).length };
    });
    const total = sizes.reduce((sum, { size }) => sum + size, 0);
    console.log(`first load: ${(total / 1e6).toFixed(2)} MB: ${sizes.map(({ path, size }) => `${path} ${Math.round(size / 1000)} KB`).join(", ")}`);
    expect(files.some((path) => path.endsWith(".gz"))).toBe(true);
    expect(total).toBeLessThan(1.5e6);
    // Nothing in the folder is more than what is loaded.
    const all = readdirSync(dist, { recursive: true, encoding: "utf8" }).filter((file) => statSync(join(dist, file)).isFile());
    expect(all.length).toBe(new Set(files).size);
});

test("a change is shown and taken", async ({ page }) => {
    await opened(page);
    await expect(verdict(page)).toHaveText("1 object: 1 changed");
    expect(await page.locator(".diff .added").allTextContents()).toContain("Added: +          restartPolicy: Always\n");
    await page.getByRole("button", { name: "Take the change of Job default/myjob" }).click();
    await expect(verdict(page)).toHaveText("1 object: 1 accepted");
    const taken = await text(page, "manifest");
    expect(taken).toContain("# The Job of the Kubernetes tutorial");
    const folder = mkdtempSync(join(tmpdir(), "playground-"));
    writeFileSync(join(folder, "job.yaml"), readFileSync(join(ROOT, "examples/job-sidecar-legacy.yaml")));
    run(folder, "review", "job.yaml", "--write", "--settings-json", '{"sidecarNames":["logshipper"],"legacySidecars":"convert","convertTemplates":true}');
    expect(taken).toBe(readFileSync(join(folder, "job.yaml"), "utf8"));
    // One step takes it back.
    await editor(page, "manifest").focus();
    await page.keyboard.press("ControlOrMeta+z");
    await expect(verdict(page)).toHaveText("1 object: 1 changed");
});

test("all changes are taken at once", async ({ page }) => {
    await opened(page, "#example=tutorial");
    const settings = "legacySidecars: convert\n";
    await page.getByRole("tab", { name: "Settings" }).click();
    await put(page, "settings", settings);
    await page.getByRole("tab", { name: "Manifest" }).click();
    await put(page, "manifest", `${POD("ä𝄞")}---\n${POD("two")}`);
    await expect(verdict(page)).toHaveText("2 objects: 2 changed");
    await page.getByRole("button", { name: "Take all changes" }).click();
    await expect(verdict(page)).toHaveText("2 objects: 2 accepted");
    expect((await text(page, "manifest")).match(/# mine/g)).toHaveLength(2);
});

test("findings are marked where they are, and say why", async ({ page }) => {
    await opened(page, "#example=several");
    await expect(verdict(page)).toHaveText("4 objects: 2 denied, 1 warned, 1 accepted");
    const finding = page.locator(".card.denied li").first();
    await expect(finding).toContainText('container "cloud-sql-proxy" at spec.template.spec.containers[1] is a sidecar in the legacy form');
    await finding.getByRole("button", { name: /^line/ }).click();
    await expect(editor(page, "manifest")).toBeFocused();
    await expect(page.locator("#manifest .cm-activeLine")).toContainText("cloud-sql-proxy");
    const marked = page.locator(".cm-marked-error").filter({ hasText: "- name: cloud-sql-proxy" });
    await marked.locator("span").last().hover();
    const tooltip = page.locator(".cm-tooltip-hover");
    await expect(tooltip).toContainText("Move it to initContainers");
    await expect(tooltip).toContainText("Evidence: the built-in catalogue (Cloud SQL Auth Proxy)");
    await expect(tooltip.getByRole("link", { name: "rule legacy" })).toHaveAttribute("href", /docs\/rules\.md#legacy$/);
});

test("what is typed is judged, and stays in the address", async ({ page, context }) => {
    await opened(page);
    await put(page, "manifest", POD("typed"));
    await expect(page.getByRole("heading", { name: "Pod default/typed" })).toBeVisible();
    await expect(page).toHaveURL(/#state=/);
    await expect(page.getByLabel("Example")).toHaveValue("");
    const other = await context.newPage();
    complaints.set(other, []);
    await opened(other, new URL(page.url()).hash);
    await expect(other.getByRole("heading", { name: "Pod default/typed" })).toBeVisible();
    expect(await text(other, "manifest")).toBe(POD("typed"));
    await page.getByLabel("Example").selectOption("istio");
    await expect(page).toHaveURL(/#example=istio/);
});

test("the form and the text of the settings follow each other", async ({ page }) => {
    await opened(page, "#example=istio");
    await page.getByRole("tab", { name: "Settings" }).click();
    await put(page, "settings", "# ours\nlegacySidecars: warn # for now\n");
    const legacy = page.getByLabel("legacySidecars", { exact: true });
    await expect(legacy).toHaveValue("warn");
    await legacy.selectOption("convert");
    await expect.poll(() => text(page, "settings")).toBe("# ours\nlegacySidecars: convert # for now\n");
    await unfold(page);
    await page.getByLabel("sidecarNames", { exact: true }).fill("logshipper, *-proxy");
    await expect.poll(() => text(page, "settings")).toContain("sidecarNames:");
    await expect(page.getByLabel("sidecarNames", { exact: true })).toBeFocused();
    // What the policy does not take is told at its place, and the form follows all the same.
    await put(page, "settings", "legacySidecars: move\n");
    await expect(verdict(page)).toHaveText("Nothing is judged: the settings are not valid.");
    await expect(page.locator("#settings .cm-marked-error")).toContainText("legacySidecars: move");
    await put(page, "settings", "");
    await expect(legacy).toHaveValue("reject");
    // An injection by the form alone.
    await unfold(page);
    await page.getByRole("button", { name: "Add one" }).click();
    await page.getByLabel("strategy", { exact: true }).selectOption("legacy");
    await expect.poll(() => text(page, "settings")).toContain("strategy: legacy");
    await expect(verdict(page)).toHaveText(/changed/);
});

test("the cluster is asked, and answers", async ({ page }) => {
    await opened(page, "#example=old-nodes");
    await expect(verdict(page)).toHaveText("1 object: 1 denied");
    await expect(page.locator(".card")).toContainText("v1.26.1");
    await page.getByRole("tab", { name: "Cluster" }).click();
    await put(page, "session", "");
    await page.getByRole("button", { name: "Answer it in the tab Cluster" }).click();
    const write = page.getByRole("button", { name: "Write an answer" });
    await expect(write).toBeFocused();
    await page.keyboard.press("Enter");
    await expect(page.locator(".question")).toContainText("answered below");
    await expect(verdict(page)).toHaveText("1 object: 1 accepted");
    await put(page, "session", "- a\n");
    await expect(verdict(page)).toHaveText("Nothing is judged: the cluster's session can't be read.");
});

test("what is exported judges the same", async ({ page }) => {
    await opened(page, "#example=old-nodes");
    await page.getByRole("button", { name: "Export" }).click();
    const exported = async (tab: string) => {
        await page.getByRole("tab", { name: tab }).click();
        return (await page.locator("dialog [role=tabpanel]:not([hidden]) pre").textContent()) ?? "";
    };
    const folder = mkdtempSync(join(tmpdir(), "playground-"));
    writeFileSync(join(folder, "policy.yaml"), await exported("ClusterAdmissionPolicy"));
    // The program does what kwctl does, with the module inside it.
    const shim = `#!/bin/bash\n[[ \${!#} == registry://ghcr.io/* ]] || exit 9\nexec '${PROGRAM}' "\${@:1:$#-1}"\n`;
    writeFileSync(join(folder, "kwctl"), shim);
    chmodSync(join(folder, "kwctl"), 0o755);
    const script = await exported("kwctl run");
    const env = { ...process.env, PATH: `${folder}:${join(PROGRAM, "..")}:${process.env.PATH}` };
    const response = JSON.parse(execFileSync("bash", ["-c", script], { cwd: folder, env, encoding: "utf8" }));
    expect(response.status.message).toContain("v1.26.1");
    const reviewed = execFileSync("bash", ["-c", `${await exported("native-sidecar review")} --output json || true`.replace("\n --", " --")], { cwd: folder, env, encoding: "utf8" });
    expect(JSON.parse(reviewed).verdict).toBe("denied");
    const lines = run(folder, "review", "manifest.yaml", "--settings-path", "policy.yaml", "--output", "json");
    expect(JSON.parse(lines).verdict).toBe("denied");
    await page.keyboard.press("Escape");
    await expect(page.locator("dialog")).toBeHidden();
});

test("it works without a network", async ({ page, context }) => {
    await opened(page);
    await context.setOffline(true);
    await put(page, "manifest", POD("offline"));
    await expect(page.getByRole("heading", { name: "Pod default/offline" })).toBeVisible();
    await page.getByLabel("Example").selectOption("universal");
    await expect(verdict(page)).toHaveText("1 object: 1 changed");
    await context.setOffline(false);
});

test("what keeps the policy from being loaded is told", async ({ page, context }) => {
    await context.route("**/policy.wasm*", (route) => route.abort());
    await page.goto("./");
    await expect(verdict(page)).toContainText("The policy could not be loaded:");
    complaints.set(page, []);
});

test("a keystroke in 100 KB of YAML is judged soon", async ({ page }) => {
    await opened(page, "#example=several");
    // Objects as long as they are in charts: some 40.
    const variables = Array.from({ length: 40 }, (_, number) => `        - name: VARIABLE_${number}\n          value: some value of it\n`);
    let manifest = "";
    for (let number = 0; manifest.length < 100_000; number++) manifest += `${POD(`pod-${number}`)}      env:\n${variables.join("")}---\n`;
    await put(page, "manifest", manifest);
    await expect(verdict(page)).toHaveText(/ denied/);
    // Until the worker has practised.
    await page.waitForTimeout(3000);
    const took = [];
    for (let keystroke = 0; keystroke < 21; keystroke++) {
        await page.locator("#took").evaluate((element) => (element.textContent = ""));
        await page.keyboard.type("#");
        await expect(page.locator("#took")).toContainText("ms", { timeout: 20_000 });
        took.push(Number(/\d+/.exec((await page.locator("#took").textContent())!)![0]));
    }
    took.sort((a, b) => a - b);
    console.log(`100 KB of YAML, ${manifest.split("---").length - 1} objects: judged in ${took[0]} ms at best, ${took[10]} ms in the median`);
    // A busy machine is slow; what is promised is 50 ms on an idle one.
    expect(took[0]).toBeLessThan(1000);
});

test("all of it can be done with the keyboard", async ({ page }) => {
    await opened(page);
    await page.keyboard.press("Tab");
    await expect(page.getByRole("link", { name: "Skip to the results" })).toBeFocused();
    await page.keyboard.press("Enter");
    await expect(page.locator("#results")).toBeFocused();
    await page.getByRole("tab", { name: "Manifest" }).focus();
    await page.keyboard.press("ArrowRight");
    await expect(page.getByRole("tab", { name: "Settings" })).toBeFocused();
    await expect(page.locator("#form")).toBeVisible();
    await page.keyboard.press("ArrowLeft");
    // Tab leads into the editor, and out of it again.
    await page.keyboard.press("Tab");
    await expect(editor(page, "manifest")).toBeFocused();
    await page.keyboard.press("F8");
    await expect(page.locator(".cm-tooltip")).toBeVisible();
    await page.keyboard.press("Tab");
    await expect(editor(page, "manifest")).not.toBeFocused();
});

const LOOKS = [
    { name: "light", colorScheme: "light", viewport: { width: 1240, height: 800 }, hash: "#example=tutorial" },
    { name: "dark", colorScheme: "dark", viewport: { width: 1040, height: 640 }, hash: "#example=several" },
    { name: "phone", colorScheme: "light", viewport: { width: 390, height: 844 }, hash: "#example=stripped" },
] as const;

for (const { name, colorScheme, viewport, hash } of LOOKS) {
    test.describe(name, () => {
        test.use({ colorScheme, viewport });

        test("axe finds nothing", async ({ page }) => {
            await opened(page, hash);
            const check = async (what: string) => {
                const { violations } = await new AxeBuilder({ page }).analyze();
                expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`), what).toEqual([]);
            };
            await check("the manifest");
            await page.getByRole("tab", { name: "Settings" }).click();
            await unfold(page);
            await check("the settings");
            await put(page, "settings", "legacySidecars: move\n");
            await expect(verdict(page)).toContainText("Nothing is judged");
            await check("wrong settings");
            await put(page, "settings", "legacySidecars: convert\nsidecarNames: [logshipper]\nconvertTemplates: true\nnodeCheck: nodes\ninjections: [{name: a, container: {image: b}, podSelector: {}}]\n");
            await expect(page.locator(".question.open").first()).toBeAttached();
            await check("an injection");
            await page.getByRole("tab", { name: "Cluster" }).click();
            await check("the cluster");
            await page.getByRole("button", { name: "Export" }).click();
            await check("the exports");
            await page.keyboard.press("Escape");
            const width = await page.evaluate(() => document.documentElement.scrollWidth);
            expect(width).toBeLessThanOrEqual(viewport.width);
        });

        test("a picture for the documentation", async ({ page }) => {
            await opened(page, hash);
            await expect(page.locator(".card").first()).toBeVisible();
            await page.waitForTimeout(400);
            await page.locator("#took").evaluate((element) => (element.textContent = ""));
            const path = join(process.env.PICTURES ?? join(import.meta.dirname, "../test-results"), `playground-${name}.png`);
            await page.screenshot({ path, fullPage: name === "phone" });
            expect(statSync(path).size).toBeLessThan(150_000);
        });
    });
}
