// What is taken along: a policy for a cluster, and scripts that judge the same on a command line.

import type { Input } from "./engine.ts";
import type { Exports } from "./report.ts";

/** A file to take along. */
export type Export = { id: string; title: string; about: string; file: string; text: string };

/** A text as a file of a shell script. */
function file(name: string, text: string): string {
    const lines = text.split("\n");
    let mark = "END";
    while (lines.includes(mark)) mark += "_";
    return `cat >${name} <<'${mark}'\n${text}${text.endsWith("\n") ? "" : "\n"}${mark}\n`;
}

function kwctl({ session }: Input, settings: string, { module, requests }: Exports): string {
    const cluster = session.trim() ? " --allow-context-aware --replay-host-capabilities-interactions session.yaml" : "";
    const run = ({ title, request }: Exports["requests"][number], index: number) => {
        const name = `request-${index + 1}.json`;
        return `# ${title}\n${file(name, JSON.stringify(request, null, 2))}kwctl run --settings-path settings.yaml --request-path ${name}${cluster} \\\n  ${module}\n`;
    };
    return [file("settings.yaml", settings), session.trim() ? file("session.yaml", session) : "", ...requests.map(run)].join("");
}

function review({ manifest, session }: Input, settings: string): string {
    const note = session.trim() ? "# A review of files asks no cluster; kwctl run replays the session.\n" : "";
    return `${file("manifest.yaml", manifest)}${file("settings.yaml", settings)}${note}native-sidecar review manifest.yaml --settings-path settings.yaml\n`;
}

/** Everything that can be taken along. */
export function all(input: Input, settings: string, exports: Exports): Export[] {
    return [
        {
            id: "policy",
            title: "ClusterAdmissionPolicy",
            about: "The policy with these settings, for kubectl apply in a cluster with Kubewarden.",
            file: "policy.yaml",
            text: exports.policy,
        },
        {
            id: "kwctl",
            title: "kwctl run",
            about: "A shell script that makes the same requests, judged by kwctl.",
            file: "judge.sh",
            text: kwctl(input, settings, exports),
        },
        {
            id: "review",
            title: "native-sidecar review",
            about: "A shell script that reviews the same text; --write makes the changes.",
            file: "review.sh",
            text: review(input, settings),
        },
    ];
}
