// Where the documentation is.

export const REPOSITORY = "https://github.com/native-sidecar-policy/native-sidecar-policy";

export function ruleLink(rule: string): string {
    return `${REPOSITORY}/blob/main/docs/rules.md#${rule}`;
}

export function settingLink(setting: string): string {
    return `${REPOSITORY}/blob/main/docs/settings.md#${setting.toLowerCase()}`;
}
