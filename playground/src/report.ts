// What the engine says of a text: engine/src/report.rs writes it.

/** A place in a text, both from 1; columns count characters. */
export type Place = { line: number; column: number };

export type Verdict = "skipped" | "accepted" | "warned" | "changed" | "denied";

export type Finding = {
    rule: string;
    severity: "denied" | "warned";
    message: string;
    container: string;
    path: string;
    line: number;
    column: number;
    suppressed: string | null;
    reason: string | null;
};

export type Repair = { rule: string; container: string; path: string; line: number; column: number };

/** A line of `native-sidecar review --output json`. */
export type Line = {
    document: number;
    line: number;
    kind: string;
    namespace: string;
    name: string;
    verdict: Verdict;
    leftOut: string | null;
    message: string | null;
    findings: Finding[];
    repairs: Repair[];
    change: string | null;
    losesComments: boolean;
};

/** Why a rule applies, as the policy's audit annotation says it. */
export type Evidence = { evidence?: string; detail?: string; outcome?: string; reason?: string } | null;

export type Replacement = { start: Place; end: Place; text: string };

/** What is not in the line of an object. */
export type Details = { title: string; briefs: string[]; evidence: Evidence[]; replacements: Replacement[] };

/** An object, with all there is to know of it. */
export type Reviewed = Line & Details;

export type Problem = { severity: "error" | "note"; place: Place; message: string };

/** What the policy asked the cluster for, and an exchange that would answer it. */
export type Question = { words: string; problem: string | null; stub: string };

export type Settings = Record<string, unknown>;

/** Something is wrong with the settings or the session, so nothing is judged; or everything is. */
export type Report = {
    value: Settings | null;
    settings?: { place: Place | null; message: string };
    session?: { message: string };
    note: string | null;
    objects: Reviewed[];
    problems: Problem[];
    others: number;
    questions: Question[];
    /** The lines that the command line prints with `--output json`. */
    lines: string;
};

/** Reads what the engine has written. */
export function readReport(json: string): Report {
    const report = JSON.parse(json);
    const lines: Line[] = (report.lines ?? "").split("\n").filter(Boolean).map((line: string) => JSON.parse(line));
    const objects = lines.filter((line) => "verdict" in line);
    return {
        note: null,
        problems: [],
        others: 0,
        questions: [],
        lines: "",
        ...report,
        objects: objects.map((line, index) => ({ ...line, ...report.details[index] })),
    };
}

/** The text with all changes, and what `--output diff` prints. */
export type Changed = { after: string; patch: string };

export type Rule = { id: string; title: string; summary: string; setting: string | null };

/** The rules, and the headings of the settings. */
export type Description = { rules: Rule[]; groups: Record<string, string> };

export type Exports = { policy: string; module: string; requests: { title: string; request: unknown }[] };
